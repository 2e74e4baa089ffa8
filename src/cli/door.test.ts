import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestJournal } from '../results/digest.ts'
import { readJournal } from '../results/journal-reader.ts'
import type { JournalEvent, RunHeader } from '../results/schema.ts'
import { hostileEvents, idOf, payloads, textsOfHeader } from '../results/testing/hostile-run.ts'
import { temporaryDirectory } from '../results/testing/temporary.ts'
import { validText } from '../scenario/testing/texts.ts'
import { answer } from './testing/in-process.ts'

/** What may not reach a terminal. */
const forbidden = /[^\P{C}\n\t]|[\u2028\u2029]/u
/** A file is text for a browser or an editor: it has lines of its own, and nothing hidden. */
const forbiddenInFiles = /[^\P{C}\n\t\r]|[\u2028\u2029]|<script>alert|<img src=x/u

/** A run folder as a stranger hands it over: bytes that hopmeter did not write. */
async function keep(root: string, events: readonly JournalEvent[], id = idOf(events)): Promise<string> {
  const folder = path.join(root, id)
  mkdirSync(folder, { recursive: true })
  const lines = events.map((event) => JSON.stringify(event.type === 'run' ? { ...event, id } : event))
  const journal = path.join(folder, 'journal.ndjson')
  writeFileSync(journal, `${lines.join('\n')}\n`)
  writeFileSync(path.join(folder, 'result.json'), JSON.stringify(await digestJournal(readJournal(journal))))
  return folder
}

test('the corpus puts a hostile text into every text of a header', () => {
  const header = hostileEvents(0)[0] as RunHeader
  const free = textsOfHeader(header).filter(
    (text) =>
      !/^(\d{4}-|run$|lab|kind|strict|TCP|HBONE|DOUBLE|ambient|none$|http1$|pingpong$|[a-z-]+-(pod|gateway|balancer)$|ztunnel$)/.test(
        text,
      ),
  )
  expect(free.length).toBeGreaterThan(60)
  expect(free.filter((text) => !payloads.some((payload) => text.includes(payload)))).toEqual([])
})

/** Two operands stand for runs whose ids are their own. */
const verbs: readonly (readonly [args: string, format: 'text' | 'json'])[] = [
  ['results list', 'text'],
  ['results list -o json', 'json'],
  ['results show latest', 'text'],
  ['results show latest -o json', 'json'],
  ['summary latest', 'text'],
  ['summary latest -o json', 'json'],
  ['summary latest -o markdown', 'text'],
  ['compare FIRST SECOND', 'text'],
  ['compare PATHS', 'text'],
  ['compare PATHS -o json', 'json'],
  ['compare PATHS -o markdown', 'text'],
  ['export latest --format benchfmt', 'text'],
  ['export latest --format csv', 'text'],
  ['export latest --format openmetrics', 'text'],
  ['export latest --format fortio --path PATH', 'json'],
  ['export latest --format hdr --path PATH', 'text'],
  ['report latest --no-charts --out -', 'text'],
  ['report latest --format markdown --out -', 'text'],
]

describe.each(payloads.map((_, first) => first))('of a run full of hostile text (%i)', (first) => {
  test('nothing that steers a terminal is printed, and JSON stays JSON', async () => {
    const root = temporaryDirectory()
    const events = hostileEvents(first)
    const [a, b] = [
      await keep(root, events),
      await keep(root, hostileEvents(first + 1), '2026-11-22t01-02-03z-hop-ladder-7f3a'),
    ]
    const names = (events[0] as RunHeader).paths.map(({ name }) => name)
    for (const [verb, format] of verbs) {
      const args = verb.split(' ').flatMap((word) => {
        if (word === 'FIRST' || word === 'SECOND') return [word === 'FIRST' ? a : b]
        if (word === 'PATHS') return [`${a}#${names[1]}`, `${a}#${names[3]}`]
        return [word === 'PATH' ? names[1]! : word]
      })
      const { stdout, stderr } = await answer([...args, '--results', root])
      expect({ verb, found: forbidden.exec(stdout + stderr)?.[0] }).toEqual({ verb, found: undefined })
      expect(stderr).not.toContain('a bug in hopmeter')
      if (format === 'json' && stdout !== '') expect(() => JSON.parse(stdout) as unknown).not.toThrow()
    }
  })
})

test('pages and pictures of such a run hold nothing hidden and no markup of strangers', async () => {
  for (const first of [0, 5, 9]) {
    const root = temporaryDirectory()
    const folder = await keep(root, hostileEvents(first))
    const made = path.join(root, 'made')
    mkdirSync(made)
    for (const args of [
      ['report', folder, '--out', path.join(made, 'page.html')],
      ['report', folder, '--no-charts', '--out', path.join(made, 'page.md')],
      ['chart', folder, '--format', 'svg', '--out', made],
    ]) {
      const { code, stderr } = await answer(args)
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
    }
    const files = readdirSync(made)
    expect(files.length).toBeGreaterThan(4)
    for (const file of files) {
      const found = forbiddenInFiles.exec(readFileSync(path.join(made, file), 'utf8'))?.[0]
      expect({ file, found }).toEqual({ file, found: undefined })
    }
  }
})

test('exports to files are byte-true: what was recorded is what they hold', async () => {
  const root = temporaryDirectory()
  const folder = await keep(root, hostileEvents(0))
  const out = path.join(root, 'x.csv')
  await answer(['export', folder, '--format', 'csv', '--out', out])
  expect(readFileSync(out, 'utf8')).toMatch(/\p{Cc}\[2J|\u202e/u)
})

test.each(payloads)(
  'an argument, file, scenario or fortio result with %j is quoted harmlessly',
  async (payload) => {
    const root = temporaryDirectory()
    // No process can be given a NUL.
    const word = payload.replaceAll('\0', '')
    const name = word.replaceAll('/', '')
    const scenario = path.join(root, `${name.slice(0, 20)}.yaml`)
    writeFileSync(scenario, validText.replace('An example', JSON.stringify(payload)))
    const fortio = path.join(root, 'fortio.json')
    const sample = new URL('../report/export/testing/fortio-1.75.3.json', import.meta.url)
    const result = JSON.parse(readFileSync(sample, 'utf8')) as Record<string, unknown>
    for (const [key, value] of Object.entries(result)) if (typeof value === 'string') result[key] = payload
    writeFileSync(fortio, JSON.stringify({ ...result, RequestedQPS: '1', RetCodes: { [payload]: 1 } }))
    for (const args of [
      [word],
      ['show', word],
      ['show', scenario],
      ['show', '--yaml', scenario],
      ['plan', scenario, '-o', 'json'],
      ['summary', word, '--results', root],
      ['summary', '--results', path.join(root, name)],
      ['summary', '--metric', word],
      ['compare', word, 'x', '--fail-on', word],
      ['export', 'latest', '--format', word],
      ['import', fortio],
      ['import', fortio, '-o', 'markdown'],
      ['import', fortio, '-o', 'json'],
      ['import', path.join(root, name)],
      ['probe', word],
      ['run', 'mixed', '--path', word],
    ]) {
      const { stdout, stderr } = await answer(args)
      expect({ args, found: forbidden.exec(stdout + stderr)?.[0] }).toEqual({ args, found: undefined })
    }
  },
)
