import { failedShare, percentText } from '../../analysis/error-share.ts'
import { failedOf, type Outcomes } from '../../results/outcomes.ts'
import type { Comparison } from '../../stats/comparison.ts'
import type { Estimate } from '../../stats/summarize-series.ts'
import {
  formatCount,
  formatDeltaUs,
  formatInterval,
  formatProbability,
  formatRatio,
  formatUs,
  noValue,
} from '../format.ts'
import type { Cell, Column } from './table.ts'

export const intervalHeading = '95% interval'

type Ends = Pick<Estimate, 'low' | 'high'>

/** Columns that several tables have, each made in one place. */

export function textColumn<Row>(heading: string, cell: (row: Row) => string): Column<Row> {
  return { heading, cell }
}

/** A time in ns, shown in µs. */
export function usColumn<Row>(heading: string, of: (row: Row) => number | null): Column<Row> {
  return {
    heading,
    kind: 'number',
    cell: (row) => ({ parts: [formatUs(of(row))], value: of(row) }),
  }
}

export function countColumn<Row>(heading: string, of: (row: Row) => number | null | undefined): Column<Row> {
  return {
    heading,
    kind: 'number',
    cell: (row) => ({ parts: [formatCount(of(row))], value: of(row) }),
  }
}

const noRequests: Outcomes = { sent: 0, received: 0, bad: 0, errors: 0, lost: 0 }

/** Failed requests with their share, e.g. `3 (0.1%)`. */
export function failedCell(outcomes: Outcomes = noRequests): Cell {
  const count = failedOf(outcomes)
  return { parts: [count === 0 ? '0' : `${count} (${percentText(failedShare(outcomes))})`], value: count }
}

/** An interval of a time in ns, shown in µs. */
export function intervalColumn<Row>(
  of: (row: Row) => Ends,
  heading = intervalHeading,
  format: (ns: number) => string = formatUs,
): Column<Row> {
  return {
    heading,
    kind: 'interval',
    cell: (row) => {
      const { low, high } = of(row)
      return { parts: [formatInterval(low, high, format)], value: low }
    },
  }
}

/** A time with its interval behind it, e.g. `19.5 [19.4, 19.7]`. */
export function estimateColumn<Row>(heading: string, of: (row: Row) => Estimate): Column<Row> {
  return {
    heading,
    kind: 'number',
    cell: (row) => {
      const { estimate, low, high } = of(row)
      const interval = formatInterval(low, high, formatUs)
      const isShort = estimate === null || interval === noValue
      return { parts: [isShort ? formatUs(estimate) : `${formatUs(estimate)} ${interval}`], value: estimate }
    },
  }
}

/** What a comparison says: the factor, the difference at the run's level, its interval, and the verdict. Every table of differences ends in these. */
export function differenceColumns<Row>(
  heading: string,
  of: (row: Row) => Comparison,
): readonly Column<Row>[] {
  return [
    {
      heading: 'ratio',
      kind: 'number',
      cell: (row) => ({ parts: [formatRatio(of(row).ratio)], value: of(row).ratio?.estimate ?? null }),
    },
    {
      heading,
      kind: 'number',
      cell: (row) => ({ parts: [formatDeltaUs(of(row).difference)], value: of(row).difference }),
    },
    intervalColumn(of, intervalHeading, formatDeltaUs),
    {
      heading: 'p-value',
      kind: 'number',
      isDetail: true,
      cell: (row) => ({ parts: [formatProbability(of(row).pValue)], value: of(row).pValue }),
    },
    {
      heading: 'verdict',
      cell: (row) => ({ parts: [{ text: of(row).verdict, tone: of(row).verdict }] }),
    },
  ]
}
