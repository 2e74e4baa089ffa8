import type { CpuCost } from '../stats/cpu-per-request.ts'
import type { NestedEstimate } from '../stats/summarize-nested.ts'
import type { RunSummary } from '../stats/summarize-run.ts'
import { cpuKinds, type CpuKind, type Sweep, type SweepPoint } from '../stats/sweep.ts'
import { componentLabel } from '../topology/component.ts'
import { formatInterval, formatUs } from './format.ts'

/** A table before it has a format. */
export interface CostTable {
  readonly title: string
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Columns (0-based) whose cells are numbers. */
  readonly right: readonly number[]
}

/** What requests cost in CPU time, and how paths bear more connections; empty where the run does not know. */
export function costTables(summary: RunSummary): readonly CostTable[] {
  const sizes = [...new Set(summary.sweeps.map(sizeOf))]
  const sweeps = sizes.map((size) => sweepTable(summary.sweeps.filter((sweep) => sizeOf(sweep) === size)))
  const swept = new Set(summary.sweeps.flatMap(({ points }) => points.map(({ load }) => load)))
  const shared = summary.cpu.filter(({ load }) => load === null || !swept.has(load) || !isKnown(summary))
  const loads = [...new Set(shared.map(({ load }) => load))]
  return [
    ...sweeps,
    ...loads.map((load) =>
      componentTable(
        summary,
        load,
        shared.filter((cost) => cost.load === load),
      ),
    ),
  ].filter(({ rows }) => rows.length > 0)
}

/** Whether closed loops have CPU times of their own; runs of older versions have them per round only. */
function isKnown({ sweeps }: RunSummary): boolean {
  return sweeps.some(({ points }) => points.some(({ cpuNs }) => cpuNs.all !== null))
}

/** How CPU times of this run are to be read. */
export function costRemarks(summary: RunSummary): string[] {
  const { cpu, sweeps } = summary
  const known = cpu.filter(({ perRequestNs }) => perRequestNs.estimate !== null)
  const limited = sweeps.flatMap(({ path, points }) =>
    points
      .filter(({ generatorBusy }) => (generatorBusy ?? 0) > 0.9)
      .map(({ connections }) => `${path} with ${connections}`),
  )
  return [
    ...(known.some(({ load, paths }) => load !== null && paths.length > 1)
      ? [
          'CPU time of a component that several paths of a load share is the mean over their requests: turns of one client visit its paths in a mixed order.',
        ]
      : []),
    ...(known.length > 0 && known.every(({ perRequestNs }) => perRequestNs.low === null) && summary.coarseCpu
      ? [
          'CPU time is from the kubelets’ cAdvisor counters, which move every ten seconds or so: one figure for the whole run, idle time and the reading of evidence included, so an upper bound.',
        ]
      : []),
    ...(limited.length > 0
      ? [
          `The load generator itself was busy for more than 90 % of its time (${limited.join(', ')}): what limits there may be the generator.`,
        ]
      : []),
  ]
}

function sizeOf({ requestBytes, responseBytes }: Sweep): string {
  return `${requestBytes} bytes up, ${responseBytes} bytes down`
}

const kindHeadings: Readonly<Record<CpuKind, string>> = {
  'client-pod': 'client',
  ztunnel: 'ztunnels',
  'east-west-gateway': 'gateway',
  'load-balancer': 'load balancer',
  'server-pod': 'server',
  all: 'all',
}

function sweepTable(sweeps: readonly Sweep[]): CostTable {
  const points = sweeps.flatMap(({ points: own }) => own)
  const kinds = cpuKinds.filter((kind) => points.some(({ cpuNs }) => cpuNs[kind] !== null))
  const hasKnee = points.some(({ isKnee }) => isKnee)
  const hasBusy = points.some(({ generatorBusy }) => generatorBusy !== null)
  const headings = [
    'path',
    'connections',
    'requests/s',
    'p50 µs',
    'p99 µs',
    ...kinds.map((kind) => `CPU µs: ${kindHeadings[kind]}`),
    ...(hasBusy ? ['generator busy'] : []),
    ...(hasKnee ? ['knee'] : []),
  ]
  const row = (path: string, point: SweepPoint): string[] => [
    path,
    String(point.connections),
    point.rate.estimate === null ? '-' : point.rate.estimate.toFixed(0),
    us(point.p50Ns),
    us(point.p99Ns),
    ...kinds.map((kind) => us(point.cpuNs[kind])),
    ...(hasBusy ? [point.generatorBusy === null ? '-' : `${Math.round(100 * point.generatorBusy)} %`] : []),
    ...(hasKnee ? [point.isKnee ? 'knee' : ''] : []),
  ]
  const [first] = sweeps
  return {
    title: `Closed loops (${first ? sizeOf(first) : ''}): rate, latency and CPU time per request by connections`,
    headings,
    rows: sweeps.flatMap(({ path, points: own }) => own.map((point) => row(path, point))),
    right: headings.flatMap((_, i) => (i === 0 || (hasKnee && i === headings.length - 1) ? [] : [i])),
  }
}

function componentTable(summary: RunSummary, load: string | null, costs: readonly CpuCost[]): CostTable {
  const hasFlagged = summary.flaggedRounds > 0 && costs.some(({ valid }) => valid !== null)
  const headings = [
    'component',
    'paths',
    'CPU µs per request',
    '95 % interval',
    ...(hasFlagged ? ['unflagged rounds'] : []),
  ]
  const rows = costs.map(({ component, paths, perRequestNs, valid }) => [
    component.kind === 'client-pod'
      ? `${componentLabel(component)}, load generator`
      : componentLabel(component),
    paths.join(', '),
    us(perRequestNs),
    formatInterval(perRequestNs.low, perRequestNs.high, formatUs),
    ...(hasFlagged ? [us(valid)] : []),
  ])
  const title = `CPU time per request under ${load === null ? 'all loads together' : `the load ${load}`}`
  return { title, headings, rows, right: hasFlagged ? [2, 4] : [2] }
}

function us(value: Pick<NestedEstimate, 'estimate'> | null): string {
  return value?.estimate == null ? '-' : formatUs(value.estimate)
}
