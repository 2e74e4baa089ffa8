import type { Captions } from './frame.ts'
import type { Measured } from './quantity.ts'
import { cleanText } from './stage.ts'

export interface DeltaRow {
  /** What is compared: `gateway − same-network`, `1.27 − 1.26`. */
  readonly label: string
  /** Rows with the same group stand together under its name: `p50`, a path. */
  readonly group?: string | undefined
  /** Positive is slower. Absent when there is nothing to compare. */
  readonly differenceNs?: Measured | undefined
  /** null: a noise floor, which is a number and no finding. */
  readonly verdict: 'slower' | 'faster' | 'same' | 'cannot tell' | null
}

export interface DeltaModel extends Captions {
  readonly rows: readonly DeltaRow[]
  /** Differences up to this much count as none; drawn as a band around zero. */
  readonly negligibleNs?: number | undefined
}

/** What stands on one line of the plot. */
export type Line = { readonly heading: string } | { readonly row: DeltaRow }

export function linesOf(rows: readonly DeltaRow[]): Line[] {
  const groups = [...new Set(rows.map((row) => row.group))]
  return groups.flatMap((group) => [
    ...(group === undefined ? [] : [{ heading: cleanText(group) || '(no name)' }]),
    ...rows.filter((row) => row.group === group).map((row) => ({ row })),
  ])
}

export interface Reach {
  readonly low: number
  readonly high: number
}

/**
 * Ends of the axis, in ns: zero is on it, and every estimate and every interval that says something. Intervals that
 * cannot tell may be far wider, and are cut unless there is nothing else to show.
 */
export function reachNs({ rows, negligibleNs = 0 }: DeltaModel): Reach {
  const ends = ({ differenceNs: d }: DeltaRow) => (d ? [d.interval?.low, d.interval?.high, d.estimate] : [])
  const telling = rows.filter((row) => row.verdict !== 'cannot tell').flatMap(ends)
  const estimates = rows.map((row) => row.differenceNs?.estimate)
  const chosen = telling.some((ns) => ns !== undefined && ns !== 0)
    ? [...telling, ...estimates]
    : rows.flatMap(ends)
  const values = [0, ...chosen.filter((ns) => ns !== undefined)]
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const margin = Math.max(0.08 * (most - least), 1.5 * negligibleNs, 500)
  return { low: least - margin, high: most + margin }
}

export function clamp(ns: number, reach: Reach): number {
  return Math.max(reach.low, Math.min(reach.high, ns))
}
