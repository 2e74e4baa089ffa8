import { behaviourMatrices, type Matrix, type MatrixCell, type MatrixRow } from '../../analysis/matrix.ts'
import { plural } from '../../plural.ts'
import type { RunResult } from '../../results/schema.ts'
import { componentTitle, pathLabel } from '../../topology/component.ts'
import type { Component } from '../../topology/model.ts'

export const matrixHeading = 'Behaviour of each version'

/** What a report shows of its runs: none of them where there is but one column. */
export function reportedMatrices(runs: readonly { readonly result: RunResult }[]): readonly Matrix[] {
  const matrices = behaviourMatrices(runs.map(({ result }) => ({ run: result })))
  return matrices.filter(({ columns }) => columns.length > 1)
}

/** Which version took another way, first of all: one sentence for each, or that none did. */
export function matrixAnswer(matrix: Matrix): readonly string[] {
  const deviations = matrix.columns.flatMap(({ label }, place) =>
    matrix.rows.flatMap((row) => deviationOf(row, row.cells[place]!, label)),
  )
  if (deviations.length > 0) return deviations
  const unproven = matrix.rows.flatMap(({ path, cells }) =>
    cells.flatMap(({ behaviour }, place) =>
      behaviour === 'not proven' ? [`${path} of ${matrix.columns[place]?.label}`] : [],
    ),
  )
  const all = `Every path took the way of the path rule under ${plural(matrix.columns.length, 'version')}`
  return unproven.length === 0
    ? [`${all}.`]
    : [`No path was seen to take another way; not proven in every round: ${unproven.join(', ')}.`]
}

function deviationOf(
  { path, expected, unreachableBecause }: MatrixRow,
  { behaviour, observed }: MatrixCell,
  label: string,
): string[] {
  if (behaviour === 'reachable')
    return [`✗ ${label} reaches ${path}, which must not be reachable: ${unreachableBecause ?? 'no path'}.`]
  if (behaviour !== 'another way') return []
  const [way] = observed
  if (!way || !expected) return [`✗ ${label} sent ${path} another way than expected.`]
  const more = extraKinds(expected, way.components)
  const how = more.length > 0 ? ` through the ${more.join(' and the ')}` : ''
  const count = `${way.components.length} components instead of ${expected.length}`
  return [`✗ ${label} sent ${path}${how}: ${count} (${pathLabel(way.components)}).`]
}

/** Kinds of components that were observed and not expected. */
function extraKinds(expected: readonly Component[], observed: readonly Component[]): readonly string[] {
  const count = (list: readonly Component[], kind: Component['kind']) =>
    list.filter((one) => one.kind === kind).length
  const kinds = [...new Set(observed.map(({ kind }) => kind))]
  return kinds.filter((kind) => count(observed, kind) > count(expected, kind)).map(componentTitle)
}

/** How a matrix is to be read, and why columns are not compared. */
export function matrixNotes({ columns, refusals, rows }: Matrix): readonly string[] {
  const [first] = columns
  const isCompared = rows.some(({ cells }) => cells.some(({ comparison }) => comparison !== null))
  return [
    '✓ the components of the path rule, in every round; ✗ another way; ? not shown in every round. Behind it the median, and its ratio to the first column.',
    ...(isCompared || columns.length < 2 ? [] : [`No column is compared with ${first?.label}.`]),
    ...refusals.map((refusal) => `Not compared: ${refusal}.`),
  ]
}
