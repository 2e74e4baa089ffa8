/** Reads a file under the root; empty when it is not there or not ours to read. */
export type ReadHostFile = (file: string) => Promise<string>

/** DMI vendor or product of a virtual machine, and what systemd-detect-virt calls it. */
const vendors: readonly (readonly [RegExp, string])[] = [
  [/^(QEMU|KVM|OpenStack)|Amazon EC2|Google|DigitalOcean|Hetzner/i, 'kvm'],
  [/VMware/i, 'vmware'],
  [/VirtualBox|innotek/i, 'virtualbox'],
  [/Microsoft Corporation.*Virtual Machine/i, 'hyper-v'],
  [/Xen/i, 'xen'],
  [/Parallels/i, 'parallels'],
  [/Apple Virtualization/i, 'apple'],
  [/Bochs|BHYVE/i, 'other'],
]

/**
 * Which hypervisor this kernel runs on: `none`, a name, or `unknown hypervisor` when the CPU says that there is one
 * and nothing else does. No programs are run, so it is a best guess from what the kernel shows everyone.
 */
export async function detectVirtualization(read: ReadHostFile, cpuInfo: string): Promise<string> {
  if (/microsoft/i.test(await read('/proc/sys/kernel/osrelease'))) return 'wsl'
  const hypervisor = await read('/sys/hypervisor/type')
  if (hypervisor !== '') return hypervisor
  const hasHypervisorFlag = /^flags\s*:.*\bhypervisor\b/m.test(cpuInfo)
  const dmi = `${await read('/sys/class/dmi/id/sys_vendor')} ${await read('/sys/class/dmi/id/product_name')}`
  const isArm = /^CPU implementer/m.test(cpuInfo)
  // Bare-metal machines of the same vendors exist, and only the CPU flag tells them apart; ARM has no such flag.
  const vendor = vendors.find(([pattern]) => pattern.test(dmi.trim()))?.[1]
  if (vendor !== undefined && (hasHypervisorFlag || (isArm && !/metal/i.test(dmi)))) return vendor
  if (!hasHypervisorFlag) return 'none'
  const clocks = await read('/sys/devices/system/clocksource/clocksource0/available_clocksource')
  const idle = await read('/sys/devices/system/cpu/cpuidle/current_driver')
  if (/kvm-clock/.test(clocks) || idle === 'haltpoll') return 'kvm'
  if (/hyperv/.test(clocks)) return 'hyper-v'
  if (/xen/.test(clocks)) return 'xen'
  return 'unknown hypervisor'
}

/** The container runtime that this process is in, or `none`. */
export async function detectContainer(
  read: ReadHostFile,
  exists: (file: string) => Promise<boolean>,
): Promise<string> {
  if (await exists('/.dockerenv')) return 'docker'
  if (await exists('/run/.containerenv')) return 'podman'
  const groups = await read('/proc/1/cgroup')
  if (/kubepods/.test(groups)) return 'kubernetes'
  if (/docker/.test(groups)) return 'docker'
  if (/lxc/.test(groups)) return 'lxc'
  return 'none'
}
