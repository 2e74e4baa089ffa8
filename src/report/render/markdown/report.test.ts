import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostileNames } from '../../charts/testing/hostile.ts'
import { sampleReportRun } from '../../testing/sample-runs.ts'
import { fenced, inlineText } from './inline.ts'
import { markdownReport, writeMarkdownReport } from './report.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-markdown-'))
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

test('writes the text and every picture that it shows beside it', async () => {
  const file = path.join(folder, 'my report.md')
  const written = await writeMarkdownReport([await sampleReportRun()], file)
  const text = await readFile(file, 'utf8')
  const shown = [...text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => decodeURI(match[1] ?? ''))
  const pictures = await readdir(path.join(folder, 'my report-charts'))
  expect(shown.map((name) => path.basename(name)).toSorted()).toEqual(pictures.toSorted())
  expect(written).toHaveLength(pictures.length + 1)
  expect(pictures).toEqual(
    expect.arrayContaining(
      ['ladder', 'delta', 'percentiles', 'ecdf', 'rounds'].map((kind) => `${kind}-pingpong.png`),
    ),
  )
})

test('names of a stranger cannot become markup, links or rows', async () => {
  const hostile = (name: string) => hostileNames[name.length % hostileNames.length] ?? name
  const text = markdownReport([await sampleReportRun({ rename: hostile })])
  expect(text).not.toMatch(/(?<!\\)<(script|img|svg)/)
  expect(text).not.toMatch(/(?<!\\)\[d\]\(javascript/)
  expect(text).not.toContain('\u001b')
})

test('a void run is said to be void before anything else', async () => {
  const run = await sampleReportRun()
  const text = markdownReport([
    { ...run, result: { ...run.result, status: 'void', reason: 'too | many <flags>' } },
  ])
  expect(text.split('\n')[2]).toMatch(/^> \*\*Run .* is void: too \\\| many \\?&lt;flags\\?>/)
})

test('two engines are compared, or the reasons why not are given', async () => {
  const runs = [
    await sampleReportRun({ engineVersion: '1.26.0' }),
    await sampleReportRun({ engineVersion: '1.27.0', id: '2026-11-23t02-02-03z-hop-ladder-8a40' }),
  ]
  expect(markdownReport(runs)).toMatch(/## Comparison[\s\S]*istio 1\.27\.0 against istio 1\.26\.0/)
  const knownOfVersions = ['1.26.0: istio/istio#58047: a defect']
  expect(markdownReport(runs, { knownOfVersions })).toMatch(
    /## Behaviour of each version[\s\S]*\| same-network \|[\s\S]*Known of these versions:\n\n- 1\.26\.0: istio[\s\S]*## Topology/,
  )
  expect(markdownReport(runs.slice(0, 1))).not.toContain('## Behaviour')
  const [first, second] = runs
  if (!first || !second) throw new Error('runs')
  const other = {
    ...second,
    result: { ...second.result, environment: { ...second.result.environment, kernel: '5.4.0' } },
  }
  expect(markdownReport([first, other])).toMatch(/not compared\.\n\n- kernel differs/)
})

test.each(hostileNames)('inline text keeps no active sign: %j', (name) => {
  expect(inlineText(name)).not.toMatch(/(?<!\\)[*_[\]`|]|<|\n/)
})

test('a code block is longer than any fence inside it', () => {
  expect(fenced('a ```` b', 'sh').startsWith('`````sh')).toBe(true)
})
