import type { Matrix, MatrixCell, MatrixRow } from '../../analysis/matrix.ts'
import { componentTitle } from '../../topology/component.ts'
import type { Component } from '../../topology/model.ts'
import { formatFactor, formatUs } from '../format.ts'
import { textColumn } from './columns.ts'
import { tableOf, type Cell, type Column, type Part, type Table } from './table.ts'

/** Paths × versions: which way each took, what it cost, and how that is to the first column. */
export function matrixTable(matrix: Matrix): Table {
  const columns: readonly Column<MatrixRow>[] = [
    textColumn('path', ({ path }) => path),
    textColumn('by the path rule', ({ expected }) => (expected ? chainText(expected) : 'unreachable')),
    ...matrix.columns.map(({ label }, place): Column<MatrixRow> => ({
      heading: label,
      cell: ({ cells }) => cellOf(cells[place]!),
    })),
  ]
  return tableOf(`What each path did under each version, load ${matrix.load}`, columns, matrix.rows)
}

/** e.g. `✓ 4 · 212.3 µs · ×1.02 same`, or `✗ 5: client pod → … · 310 µs · ×1.49 slower`. */
function cellOf(cell: MatrixCell): Cell {
  const { p50, comparison } = cell
  const parts: readonly (readonly Part[])[] = [
    wayParts(cell),
    p50 ? [`${formatUs(p50.estimate)} µs`] : [],
    comparison?.ratio
      ? [
          `${formatFactor(comparison.ratio.estimate)} `,
          { text: comparison.verdict, tone: comparison.verdict },
        ]
      : [],
  ]
  const shown = parts.filter((part) => part.length > 0)
  return {
    parts: shown.flatMap((part, i) => (i === 0 ? part : [' · ', ...part])),
    value: p50?.estimate ?? null,
  }
}

/** A mark and a word, never a colour alone. */
function wayParts({ behaviour, observed }: MatrixCell): readonly Part[] {
  const ways = observed.map(({ components }) => chainText(components)).join('; or ')
  switch (behaviour) {
    case 'as expected':
      return [{ text: `✓ ${observed[0]?.components.length ?? ''}`.trim(), tone: 'proven' }]
    case 'another way':
      return [{ text: `✗ ${ways}`, tone: 'mismatch' }]
    case 'not proven':
      return [{ text: `? not proven${ways === '' ? '' : `, ${ways}`}`, tone: 'unproven' }]
    case 'unreachable':
      return [{ text: '✓ unreachable', tone: 'proven' }]
    case 'reachable':
      return [{ text: '✗ reachable', tone: 'mismatch' }]
    case 'not measured':
      return ['not measured']
  }
}

/** e.g. `4: client pod → ztunnel → ztunnel → server pod`. */
function chainText(components: readonly Component[]): string {
  return `${components.length}: ${components.map(({ kind }) => componentTitle(kind)).join(' → ')}`
}
