import type { Verdict } from '../../stats/comparison.ts'

/** What a word of a cell says of a measurement; formats that have colours show it. */
export type Tone = Verdict | 'proven' | 'mismatch' | 'unproven'

export type Part = string | { readonly text: string; readonly tone: Tone }

export interface Cell {
  readonly parts: readonly Part[]
  /** What the cell sorts by, in columns that hold numbers. */
  readonly value?: number | null | undefined
}

/** Numbers stand to the right; intervals are numbers to sort by, and text to read. */
export type ColumnKind = 'text' | 'number' | 'interval'

interface Heading {
  readonly heading: string
  readonly kind: ColumnKind
  /** Shown on pages, which have room for it, and not in a terminal or a post. */
  readonly isDetail: boolean
}

/** A table before it has a format. */
export interface Table {
  readonly title: string
  readonly columns: readonly Heading[]
  readonly rows: readonly (readonly Cell[])[]
  /** How it is to be read, a sentence each. */
  readonly notes: readonly string[]
}

/** One column: what stands over it, and how a cell is made of a row. */
export interface Column<Row> {
  readonly heading: string
  /** `text` unless given. */
  readonly kind?: ColumnKind
  readonly cell: (row: Row) => Cell | string
  readonly isDetail?: boolean
  /** False leaves the column out, where no row has anything to say in it. */
  readonly isShown?: boolean
}

export function tableOf<Row>(
  title: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  notes: readonly string[] = [],
): Table {
  const shown = columns.filter(({ isShown = true }) => isShown)
  return {
    title,
    columns: shown.map(({ heading, kind = 'text', isDetail = false }) => ({ heading, kind, isDetail })),
    rows: rows.map((row) =>
      shown.map(({ cell }) => {
        const made = cell(row)
        return typeof made === 'string' ? { parts: [made] } : made
      }),
    ),
    notes,
  }
}

/** The same without the columns that only pages have room for. */
export function withoutDetails(table: Table): Table {
  const isKept = (_: unknown, place: number) => table.columns[place]?.isDetail !== true
  return {
    ...table,
    columns: table.columns.filter(isKept),
    rows: table.rows.map((row) => row.filter(isKept)),
  }
}

/** A cell as formats without colours show it. */
export function plainText({ parts }: Cell): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.text)).join('')
}
