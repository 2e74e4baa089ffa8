import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { HopmeterError } from '../../errors.ts'
import { importFortio } from '../../report/export/fortio-import.ts'
import { embeddedJson, escapeHtml } from '../../report/render/html/markup.ts'
import { inlineText } from '../../report/render/markdown/inline.ts'
import { decodeCounts } from '../../results/histogram-decode.ts'
import { digestJournal } from '../../results/digest.ts'
import { readJournal } from '../../results/journal-reader.ts'
import type { JournalEvent } from '../../results/schema.ts'
import { hostileEvents, payloads } from '../../results/testing/hostile-run.ts'
import { encoded } from '../../results/testing/sample-run.ts'
import { parseScenario } from '../../scenario/load.ts'
import { validText } from '../../scenario/testing/texts.ts'
import { printable, printableJson, printableLines } from '../../terminal-text.ts'
import { withoutSecrets } from '../../redact.ts'
import { answer } from './in-process.ts'

/** A kind of hostile input, and what must hold of whatever hopmeter does with it. Throws when it does not. */
export interface FuzzTarget {
  readonly name: string
  readonly property: () => fc.IAsyncProperty<unknown> | fc.IProperty<unknown>
}

/** Values that are at home nowhere, and numbers that no measurement gives. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', [], {}, -1, 0, 1.5, 1e308, -5, 2 ** 53, '__proto__', 'pingpong'),
  fc.constantFrom(...payloads),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
)

const edit = fc.record({ at: fc.nat(), how: fc.constantFrom('set', 'drop', 'double'), value: strange })
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

/** Data with a place of it, wherever that is, set to something else, left out or doubled. */
function edited(data: unknown, edits: readonly Edit[]): unknown {
  const copy = structuredClone(data)
  for (const { at, how, value } of edits) {
    const places: (readonly [parent: Record<string, unknown>, key: string])[] = []
    const walk = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return
      for (const key of Object.keys(node)) {
        places.push([node as Record<string, unknown>, key])
        walk((node as Record<string, unknown>)[key])
      }
    }
    walk(copy)
    const [parent, key] = places[at % Math.max(1, places.length)] ?? []
    if (!parent || key === undefined) continue
    if (how === 'set') parent[key] = value
    else if (how === 'double' && Array.isArray(parent)) (parent as unknown[]).push(parent[key])
    else if (Array.isArray(parent)) (parent as unknown[]).splice(Number(key), 1)
    else delete parent[key]
  }
  return copy
}

/** What verbs print of a folder; anything but an answer or a named error is thrown. */
async function judgeFolder(files: Readonly<Record<string, string>>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-fuzz-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
    for (const args of [
      ['summary', folder],
      ['results', 'show', folder],
      ['export', folder, '--format', 'openmetrics'],
      ['report', folder, '--no-charts', '--out', '-'],
    ]) {
      const { stdout, stderr } = await answer(args)
      requireSafe(stdout + stderr)
      // The script of a page has these words.
      if (args[0] !== 'report' && /\bNaN\b|\bInfinity\b/.test(stdout))
        throw new Error(`${args[0]} prints a number that is none`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function requireSafe(text: string): void {
  const found = /[^\P{C}\n\t]|[\u2028\u2029]/u.exec(text)
  if (found) throw new Error(`printed U+${found[0].codePointAt(0)?.toString(16)}`)
}

function refusedAtWorst(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof HopmeterError)) throw error
  }
}

const lines = (events: readonly unknown[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('')

async function resultOf(events: readonly JournalEvent[]): Promise<unknown> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-fuzz-'))
  try {
    const file = path.join(folder, 'journal.ndjson')
    writeFileSync(file, lines(events))
    return await digestJournal(readJournal(file))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const edits = fc.array(edit, { minLength: 1, maxLength: 3 })
const events = hostileEvents(0, { rounds: 6 })
const fortio = JSON.parse(
  readFileSync(new URL('../../report/export/testing/fortio-1.75.3.json', import.meta.url), 'utf8'),
) as unknown

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: 'journals',
    property: () =>
      fc.asyncProperty(fc.nat(events.length - 1), edits, async (at, list) => {
        const changed = events.map((event, i) => (i === at ? edited(event, list) : event))
        await judgeFolder({ 'journal.ndjson': lines(changed) })
      }),
  },
  {
    name: 'bytes of journals',
    property: () => {
      const whole = Buffer.from(lines(events))
      return fc.asyncProperty(fc.nat(whole.length), fc.uint8Array({ maxLength: 8 }), async (at, bytes) => {
        const text = Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at + bytes.length)])
        await judgeFolder({ 'journal.ndjson': text.toString('latin1') })
      })
    },
  },
  {
    name: 'results',
    property: () =>
      fc.asyncProperty(edits, async (list) => {
        await judgeFolder({ 'result.json': JSON.stringify(edited(await resultOf(events), list)) })
      }),
  },
  {
    name: 'histograms',
    property: () => {
      const original = Buffer.from(encoded([100, 200, 200, 70_000, 8_000_000]), 'base64')
      return fc.property(fc.nat(original.length - 1), fc.uint8Array({ maxLength: 12 }), (at, bytes) => {
        const changed = Buffer.concat([original.subarray(0, at), bytes, original.subarray(at + bytes.length)])
        refusedAtWorst(() => decodeCounts(changed.toString('base64')))
      })
    },
  },
  {
    name: 'scenarios',
    property: () =>
      fc.property(
        fc.nat(validText.length),
        fc.nat(40),
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...payloads)),
        (at, cut, text) => {
          refusedAtWorst(() =>
            parseScenario(validText.slice(0, at) + text + validText.slice(at + cut), 'fuzz.yaml'),
          )
        },
      ),
  },
  {
    name: 'fortio results',
    property: () =>
      fc.property(edits, (list) => {
        refusedAtWorst(() => importFortio(JSON.stringify(edited(fortio, list)), 'fuzz.json'))
      }),
  },
  {
    name: 'terminal text',
    property: () =>
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...payloads), (text, payload) => {
        const hostile = withoutSecrets(text + payload)
        requireSafe(printable(hostile) + printableLines(hostile) + printableJson(JSON.stringify(hostile)))
      }),
  },
  {
    name: 'HTML and Markdown',
    property: () =>
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...payloads), (text, payload) => {
        const hostile = payload + text
        if (/[<>"']/.test(escapeHtml(hostile))) throw new Error('markup gets into a page')
        if (/[<>]/.test(embeddedJson(hostile))) throw new Error('data can end its element')
        if (JSON.parse(embeddedJson(hostile)) !== hostile) throw new Error('data are not what they were')
        if (/(?<!\\)[<`|]/.test(inlineText(hostile))) throw new Error('markup gets into Markdown')
      }),
  },
]
