import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeEnvironment, environmentHash } from './fingerprint.ts'
import { runHeader } from './schema.ts'
import { sampleHeader } from './testing/sample-run.ts'
import { temporaryDirectory } from './testing/temporary.ts'

function machine(files: Record<string, string>): string {
  const root = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true })
    writeFileSync(path.join(root, name), `${text}\n`)
  }
  return root
}

const x86 = (flags: string) => `processor\t: 0\nmodel name\t: AMD EPYC 7R13\nflags\t\t: fpu vme ${flags}\n`
const dmi = (vendor: string, product: string) => ({
  'sys/class/dmi/id/sys_vendor': vendor,
  'sys/class/dmi/id/product_name': product,
})
const clocks = 'sys/devices/system/clocksource/clocksource0/available_clocksource'

describe('this machine', () => {
  test('is described as a header wants it, without its name', async () => {
    const environment = await describeEnvironment()
    expect(runHeader.shape.environment.parse(environment)).toEqual(environment)
    expect(environment.cores).toBeGreaterThan(0)
    expect(environment.kernel).toBe(os.release())
    expect(environment.node).toBe(process.versions.node)
    expect(JSON.stringify(environment)).not.toContain('hostname')
  })

  test('is named when asked for', async () => {
    expect((await describeEnvironment({ includeHostname: true })).hostname).toBe(os.hostname())
  })
})

describe('a machine is read from its kernel', () => {
  test('with CPU, clock and power management', async () => {
    const root = machine({
      'proc/cpuinfo': x86('sse'),
      'sys/devices/system/clocksource/clocksource0/current_clocksource': 'tsc',
      'sys/devices/system/cpu/smt/active': '1',
      'sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'performance',
      'sys/devices/system/cpu/cpuidle/current_driver': 'intel_idle',
      'sys/devices/system/cpu/cpuidle/current_governor_ro': 'menu',
    })
    expect(await describeEnvironment({ root })).toMatchObject({
      cpuModel: 'AMD EPYC 7R13',
      clockSource: 'tsc',
      smt: true,
      cpuGovernor: 'performance',
      cpuIdle: 'intel_idle/menu',
      virtualization: 'none',
      container: 'none',
    })
  })

  test('and what it does not tell is not guessed', async () => {
    const environment = await describeEnvironment({ root: machine({}) })
    expect(environment).toMatchObject({ clockSource: 'unknown', cpuGovernor: 'none', cpuIdle: 'none' })
    expect(environment).not.toHaveProperty('smt')
  })

  test('also on ARM, whose kernels give numbers', async () => {
    const root = machine({ 'proc/cpuinfo': 'processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n' })
    expect((await describeEnvironment({ root })).cpuModel).toBe('CPU 0x41 part 0xd40')
  })
})

describe('virtualization', () => {
  test.each([
    ['kvm', { 'proc/cpuinfo': x86('hypervisor'), ...dmi('QEMU', 'Standard PC (Q35 + ICH9, 2009)') }],
    ['kvm', { 'proc/cpuinfo': x86('hypervisor'), ...dmi('Amazon EC2', 'm7i.large') }],
    ['none', { 'proc/cpuinfo': x86('sse'), ...dmi('Amazon EC2', 'm7i.metal-24xl') }],
    ['kvm', { 'proc/cpuinfo': 'CPU implementer\t: 0x41\n', ...dmi('Amazon EC2', 'm7g.large') }],
    ['none', { 'proc/cpuinfo': 'CPU implementer\t: 0x41\n', ...dmi('Amazon EC2', 'm7g.metal') }],
    ['vmware', { 'proc/cpuinfo': x86('hypervisor'), ...dmi('VMware, Inc.', 'VMware7,1') }],
    ['hyper-v', { 'proc/cpuinfo': x86('hypervisor'), ...dmi('Microsoft Corporation', 'Virtual Machine') }],
    ['virtualbox', { 'proc/cpuinfo': x86('hypervisor'), ...dmi('innotek GmbH', 'VirtualBox') }],
    ['xen', { 'proc/cpuinfo': x86('sse'), 'sys/hypervisor/type': 'xen' }],
    ['wsl', { 'proc/sys/kernel/osrelease': '5.15.167.4-microsoft-standard-WSL2' }],
    ['kvm', { 'proc/cpuinfo': x86('hypervisor'), [clocks]: 'kvm-clock tsc acpi_pm' }],
    [
      'kvm',
      { 'proc/cpuinfo': x86('hypervisor'), 'sys/devices/system/cpu/cpuidle/current_driver': 'haltpoll' },
    ],
    ['unknown hypervisor', { 'proc/cpuinfo': x86('hypervisor') }],
    ['none', { 'proc/cpuinfo': x86('sse'), ...dmi('Dell Inc.', 'PowerEdge R650') }],
  ])('%s is told from %j', async (name, files) => {
    expect((await describeEnvironment({ root: machine(files) })).virtualization).toBe(name)
  })

  test.each([
    ['docker', { '.dockerenv': '' }],
    ['podman', { 'run/.containerenv': '' }],
    ['kubernetes', { 'proc/1/cgroup': '0::/kubepods/burstable/pod1' }],
    ['lxc', { 'proc/1/cgroup': '0::/lxc/box' }],
  ])('a container of %s is told from %j', async (name, files) => {
    expect((await describeEnvironment({ root: machine(files) })).container).toBe(name)
  })
})

describe('the hash of an environment', () => {
  const { environment } = sampleHeader()

  test('is the same for the same machine under another load, name or order of fields', () => {
    const other = { ...environment, loadAverage: [9, 9, 9], hostname: 'east' }
    const reversed = Object.fromEntries(Object.entries(other).toReversed()) as typeof environment
    expect(environmentHash(reversed)).toBe(environmentHash(environment))
    expect(environmentHash(environment)).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  test.each([
    'kernel',
    'cpuModel',
    'cores',
    'memoryMiB',
    'clockSource',
    'virtualization',
    'node',
    'cpuIdle',
    'new',
  ])('changes with %s', (key) => {
    expect(environmentHash({ ...environment, [key]: 'other' })).not.toBe(environmentHash(environment))
  })
})
