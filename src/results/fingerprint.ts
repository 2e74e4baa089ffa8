import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import os from 'node:os'
import type { Environment } from './schema.ts'
import { detectContainer, detectVirtualization, type ReadHostFile } from './virtualization.ts'

export interface EnvironmentOptions {
  /** Results carry no host names unless asked to. */
  readonly includeHostname?: boolean
  /** Where the kernel's files are; tests have their own. */
  readonly root?: string
}

/** What of this machine shapes latencies: kernel, CPU, clock, power management, virtualization, Node, load. */
export async function describeEnvironment(options: EnvironmentOptions = {}): Promise<Environment> {
  const root = options.root ?? ''
  const read: ReadHostFile = async (file) => {
    try {
      return (await readFile(`${root}${file}`, 'utf8')).trim()
    } catch {
      return ''
    }
  }
  const exists = (file: string) => access(`${root}${file}`).then(...isThere)
  const cpuInfo = await read('/proc/cpuinfo')
  const smt = await read('/sys/devices/system/cpu/smt/active')
  return {
    kernel: os.release(),
    architecture: os.arch(),
    cpuModel: modelOf(cpuInfo) ?? os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryMiB: Math.round(os.totalmem() / 2 ** 20),
    clockSource:
      (await read('/sys/devices/system/clocksource/clocksource0/current_clocksource')) || 'unknown',
    virtualization: await detectVirtualization(read, cpuInfo),
    container: await detectContainer(read, exists),
    ...(smt === '' ? {} : { smt: smt === '1' }),
    cpuGovernor: (await read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor')) || 'none',
    cpuIdle: await cpuIdleOf(read),
    node: process.versions.node,
    loadAverage: os.loadavg().map((load) => Math.round(load * 100) / 100),
    ...(options.includeHostname ? { hostname: os.hostname() } : {}),
  }
}

const isThere = [() => true, () => false] as const

async function cpuIdleOf(read: ReadHostFile): Promise<string> {
  const base = '/sys/devices/system/cpu/cpuidle'
  const driver = await read(`${base}/current_driver`)
  const governor = (await read(`${base}/current_governor`)) || (await read(`${base}/current_governor_ro`))
  return driver === '' ? 'none' : `${driver}/${governor || 'unknown'}`
}

/** x86 says `model name`, many ARM kernels only implementer and part number. */
function modelOf(cpuInfo: string): string | undefined {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.+)$`, 'm').exec(cpuInfo)?.[1]?.trim()
  const model = field('model name') ?? field('Model') ?? field('cpu model')
  if (model !== undefined) return model
  const [implementer, part] = [field('CPU implementer'), field('CPU part')]
  return implementer === undefined || part === undefined ? undefined : `CPU ${implementer} part ${part}`
}

/** Changes from run to run on one machine, or names it. */
const notPartOfTheMachine: ReadonlySet<string> = new Set(['loadAverage', 'hostname'])

/** `sha256:<hex>` of everything in an environment but load and host name: equal hashes can be compared. */
export function environmentHash(environment: Environment): string {
  const entries = Object.entries(environment)
    .filter(([key, value]) => !notPartOfTheMachine.has(key) && value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `sha256:${createHash('sha256').update(JSON.stringify(entries)).digest('hex')}`
}
