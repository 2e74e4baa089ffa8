import type { ProbeDifference, ProbeResult, ProbedEndpoint } from '../../measure/probe.ts'
import {
  countColumn,
  differenceColumns,
  failedCell,
  intervalColumn,
  textColumn,
  usColumn,
} from './columns.ts'
import { tableOf, type Column, type Table } from './table.ts'

interface EndpointMetric {
  readonly endpoint: ProbedEndpoint
  readonly metric: string
  readonly quantiles: ProbedEndpoint['quantiles']
}

const endpointColumns: readonly Column<EndpointMetric>[] = [
  textColumn('endpoint', ({ endpoint }) => endpoint.name),
  textColumn('metric', ({ metric }) => metric),
  usColumn('p50 µs', ({ quantiles }) => quantiles.p50.estimate),
  intervalColumn(({ quantiles }) => quantiles.p50),
  usColumn('p90 µs', ({ quantiles }) => quantiles.p90.estimate),
  usColumn('p99 µs', ({ quantiles }) => quantiles.p99.estimate),
  countColumn('requests', ({ endpoint }) => endpoint.requests),
  {
    heading: 'failed',
    kind: 'number',
    cell: ({ endpoint }) => failedCell({ ...endpoint, received: endpoint.requests }),
  },
  countColumn('reconnects', ({ endpoint }) => endpoint.reconnects),
]

const differenceOf: readonly Column<ProbeDifference>[] = [
  textColumn('endpoint', ({ name }) => name),
  textColumn('metric', ({ metric }) => metric),
  textColumn('quantile', ({ quantile }) => quantile),
  ...differenceColumns<ProbeDifference>('difference µs', ({ comparison }) => comparison),
]

/** Every endpoint with the quantiles of each metric. */
export function endpointTable({ endpoints, metrics }: ProbeResult): Table {
  const rows = endpoints.flatMap((endpoint) =>
    metrics.map((metric, place): EndpointMetric => ({
      endpoint,
      metric,
      quantiles: (place === 0 ? undefined : endpoint.extraQuantiles[metric]) ?? endpoint.quantiles,
    })),
  )
  return tableOf('Endpoints', endpointColumns, rows)
}

/** Every endpoint against the first. */
export function endpointDifferences({ endpoints, differences }: ProbeResult): Table {
  return tableOf(`Against ${endpoints[0]?.name ?? ''}`, differenceOf, differences)
}
