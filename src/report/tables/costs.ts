import type { CpuCost } from '../../analysis/cpu-per-request.ts'
import type { RunSummary } from '../../analysis/summarize-run.ts'
import { cpuKinds, type CpuKind, type Sweep, type SweepPoint } from '../../analysis/sweep.ts'
import { componentLabel } from '../../topology/component.ts'
import { formatShare } from '../format.ts'
import { countColumn, intervalColumn, textColumn, usColumn } from './columns.ts'
import { tableOf, type Column, type Table } from './table.ts'

/** What requests cost in CPU time, and how paths bear more connections; empty where the run does not know. */
export function costTables(summary: RunSummary): readonly Table[] {
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

interface SweepRow {
  readonly path: string
  readonly point: SweepPoint
}

function sweepTable(sweeps: readonly Sweep[]): Table {
  const rows = sweeps.flatMap(({ path, points }) => points.map((point): SweepRow => ({ path, point })))
  const kinds = cpuKinds.filter((kind) => rows.some(({ point }) => point.cpuNs[kind] !== null))
  const [first] = sweeps
  const columns: readonly Column<SweepRow>[] = [
    textColumn('path', ({ path }) => path),
    countColumn('connections', ({ point }) => point.connections),
    countColumn('requests/s', ({ point }) => rounded(point.rate.estimate)),
    usColumn('p50 µs', ({ point }) => point.p50Ns.estimate),
    usColumn('p99 µs', ({ point }) => point.p99Ns.estimate),
    ...kinds.map((kind) =>
      usColumn<SweepRow>(`CPU µs: ${kindHeadings[kind]}`, ({ point }) => point.cpuNs[kind]?.estimate ?? null),
    ),
    {
      heading: 'generator busy',
      kind: 'number',
      cell: ({ point: { generatorBusy } }) => ({
        parts: [formatShare(generatorBusy)],
        value: generatorBusy,
      }),
      isShown: rows.some(({ point }) => point.generatorBusy !== null),
    },
    {
      heading: 'knee',
      cell: ({ point }) => (point.isKnee ? 'knee' : ''),
      isShown: rows.some(({ point }) => point.isKnee),
    },
  ]
  return tableOf(
    `Closed loops (${first ? sizeOf(first) : ''}): rate, latency and CPU time per request by connections`,
    columns,
    rows,
  )
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value)
}

function componentTable(summary: RunSummary, load: string | null, costs: readonly CpuCost[]): Table {
  const columns: readonly Column<CpuCost>[] = [
    textColumn('component', ({ component }) =>
      component.kind === 'client-pod'
        ? `${componentLabel(component)}, load generator`
        : componentLabel(component),
    ),
    textColumn('paths', ({ paths }) => paths.join(', ')),
    usColumn('CPU µs per request', ({ perRequestNs }) => perRequestNs.estimate),
    intervalColumn(({ perRequestNs }) => perRequestNs),
    {
      ...usColumn<CpuCost>('unflagged rounds', ({ valid }) => valid?.estimate ?? null),
      isShown: summary.flaggedRounds > 0 && costs.some(({ valid }) => valid !== null),
    },
  ]
  const title = `CPU time per request under ${load === null ? 'all loads together' : `the load ${load}`}`
  return tableOf(title, columns, costs)
}
