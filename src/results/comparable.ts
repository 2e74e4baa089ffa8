import { loadBalancersOf } from './build-traits.ts'
import type { RunResult } from './schema.ts'
import { variantNames } from './variants.ts'

/** What must be equal for two runs to be compared; `engine` and its version may differ, that is the question. */
export const comparableKeys = [
  'scenario',
  'load',
  'rounds',
  'backend',
  'clients',
  'host',
  'kernel',
  'node',
  'delay',
  'load-balancer',
  'cpus',
] as const
export type ComparableKey = (typeof comparableKeys)[number]

export interface Incomparable {
  readonly key: ComparableKey | 'status' | 'proof' | 'variants'
  readonly message: string
  /** Whether `--allow` can override it. A run that did not end, or whose paths are not proven, is never compared. */
  readonly canAllow: boolean
}

/** Every difference that keeps runs from being compared. Pure. */
export function incomparable(baseline: RunResult, contender: RunResult): readonly Incomparable[] {
  const facts = [factsOf(baseline), factsOf(contender)] as const
  const differences = comparableKeys
    .filter((key) => facts[0][key] !== facts[1][key])
    .map((key): Incomparable => {
      const message = `${key} differs: ${facts[0][key]} in ${baseline.id}, ${facts[1][key]} in ${contender.id}`
      return { key, message, canAllow: true }
    })
  return [
    ...unusable(baseline),
    ...unusable(contender),
    ...differentVariants(baseline, contender),
    ...differences,
  ]
}

/** Paths of other variants have other names, so nothing would be left to compare. */
function differentVariants(baseline: RunResult, contender: RunResult): readonly Incomparable[] {
  const [a, b] = [variantNames(baseline), variantNames(contender)]
  if (a.toSorted().join('\n') === b.toSorted().join('\n')) return []
  const said = ({ id }: RunResult, names: readonly string[]) =>
    names.length === 0 ? `${id} has no variants` : `${id} has the variants ${names.join(', ')}`
  const one = a[0] === undefined ? `${contender.id}#${b[0]}` : `${baseline.id}#${a[0]}`
  const message = `${said(baseline, a)}, ${said(contender, b)}; one of them is compared as ${one}`
  return [{ key: 'variants', message, canAllow: false }]
}

/** Why a run cannot be compared with any other. */
export function unusable(run: RunResult): readonly Incomparable[] {
  const found: Incomparable[] = []
  if (run.status !== 'complete') {
    const reason = run.reason === undefined ? '' : `: ${run.reason}`
    found.push({ key: 'status', message: `${run.id} is ${run.status}${reason}`, canAllow: false })
  }
  if (run.verify === 'off') {
    found.push({ key: 'proof', message: `${run.id} was measured with --verify off`, canAllow: false })
  }
  return found
}

function factsOf(run: RunResult): Readonly<Record<ComparableKey, string>> {
  const { environment, rounds, scenario } = run
  const [build] = run.builds
  return {
    scenario: `${scenario.name} (${scenario.hash.slice(0, 19)})`,
    load: JSON.stringify(run.loads),
    rounds: `${rounds.durationMs} ms after ${rounds.warmupMs} ms`,
    backend: run.backend,
    clients: clientsOf(run.clients),
    host: `${environment.cores} × ${environment.cpuModel}, ${environment.memoryMiB} MiB, ${environment.virtualization}`,
    kernel: `${environment.kernel}, clock ${environment.clockSource}`,
    node: environment.node,
    delay: build?.delayMethod ?? 'none',
    'load-balancer': loadBalancersOf(run) ?? 'none',
    cpus: (build?.facts['cpus'] ?? 'all').replace(/ \d+/, ''),
  }
}

/** Requests of several clients wait for each other, so their latencies mean something else. */
function clientsOf(clients = 1): string {
  return clients === 1 ? 'one per client workload' : `${clients} per client workload`
}
