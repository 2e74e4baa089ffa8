import { describe, expect, test } from 'vitest'
import { hostileNames } from '../charts/testing/hostile.ts'
import { costTables } from '../tables/costs.ts'
import { pathProofTable } from '../tables/path-proof.ts'
import { pathTable } from '../tables/paths.ts'
import { stepTable } from '../tables/steps.ts'
import { plainText, tableOf, type Column, type Table } from '../tables/table.ts'
import { sampleReportRun } from '../testing/sample-runs.ts'
import { renderHtml } from './html/table.ts'
import { renderMarkdown } from './markdown/table.ts'
import { renderText } from './text/table.ts'

interface Row {
  readonly name: string
  readonly ns: number
}

const columns: readonly Column<Row>[] = [
  { heading: 'name', cell: ({ name }) => name },
  { heading: 'time', kind: 'number', cell: ({ ns }) => ({ parts: [`${ns} ns`], value: ns }) },
  { heading: 'detail', isDetail: true, cell: ({ ns }) => `detail ${ns}` },
  { heading: 'hidden', isShown: false, cell: () => 'hidden' },
  { heading: 'verdict', cell: () => ({ parts: [{ text: 'cannot tell', tone: 'cannot tell' }, ' (2)'] }) },
]
const table = tableOf(
  'Times',
  columns,
  [
    { name: 'a', ns: 5 },
    { name: 'bcd', ns: 1200 },
  ],
  ['a note'],
)

describe('one table', () => {
  test('for a terminal: numbers to the right, no details', () => {
    expect(renderText(table)).toBe(
      ['name     time  verdict', 'a        5 ns  cannot tell (2)', 'bcd   1200 ns  cannot tell (2)', ''].join(
        '\n',
      ),
    )
  })

  test('as Markdown: the same cells, the same alignment', () => {
    expect(renderMarkdown(table)).toBe(
      [
        '| name | time | verdict |',
        '|---|---:|---|',
        '| a | 5 ns | cannot tell (2) |',
        '| bcd | 1200 ns | cannot tell (2) |',
        '',
      ].join('\n'),
    )
  })

  test('as HTML: details too, numbers with what they sort by, verdicts with their class', () => {
    const { markup } = renderHtml(table)
    expect(cellsOf(markup)).toEqual([
      ['name', 'time', 'detail', 'verdict'],
      ['a', '5 ns', 'detail 5', 'cannot tell (2)'],
      ['bcd', '1200 ns', 'detail 1200', 'cannot tell (2)'],
    ])
    expect(markup).toContain(
      '<td class="number" data-heading="time" data-value="1200"><span>1200 ns</span></td>',
    )
    expect(markup).toContain('<span class="verdict-cannot-tell">cannot tell</span> (2)')
    expect(markup).not.toContain('hidden')
  })

  test.each(hostileNames)('a name of a stranger is a cell and nothing else: %j', (name) => {
    const hostile = tableOf('Times', columns, [{ name, ns: 1 }])
    expect(renderText(hostile).trimEnd().split('\n')).toHaveLength(2)
    expect(renderMarkdown(hostile).trimEnd().split('\n')).toHaveLength(3)
    expect(renderMarkdown(hostile).match(/(?<!\\)\|/g)).toHaveLength(3 * 4)
    expect(renderHtml(hostile).markup).not.toMatch(/<script|<img|<svg/)
  })
})

test('what a run says is the same in every format', async () => {
  const run = await sampleReportRun()
  const tables = [
    ...run.summary.metrics.flatMap((metric) => [
      pathTable(run.summary, metric),
      ...[stepTable(run.summary, metric) ?? []].flat(),
    ]),
    ...costTables(run.summary),
    pathProofTable(run),
  ]
  expect(tables.length).toBeGreaterThan(3)
  for (const one of tables) {
    expect(cellsOf(renderHtml(one).markup)).toEqual(textsOf(one, true))
    const rows = textsOf(one, false)
    const lines = renderText(one).trimEnd().split('\n')
    expect(lines.map((line) => line.replaceAll(/\s+/g, ' ').trim())).toEqual(
      rows.map((cells) => cells.join(' ').replaceAll(/\s+/g, ' ').trim()),
    )
    const [heading = '', , ...body] = renderMarkdown(one).trimEnd().split('\n')
    expect([heading, ...body].map((line) => line.slice(2, -2).split(' | '))).toEqual(rows)
  }
})

function textsOf({ columns: headings, rows }: Table, details: boolean): string[][] {
  const kept = headings.flatMap(({ isDetail }, place) => (details || !isDetail ? [place] : []))
  return [
    kept.map((place) => headings[place]?.heading ?? ''),
    ...rows.map((row) => kept.map((place) => plainText(row[place] ?? { parts: [] }))),
  ]
}

/** The texts of the cells of an HTML table without hostile names, row by row. */
function cellsOf(markup: string): string[][] {
  return [...markup.matchAll(/<tr[^>]*>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = '']) =>
      cell
        .replaceAll(/<[^>]*>/g, '')
        .replaceAll('&lt;', '<')
        .trim(),
    ),
  )
}
