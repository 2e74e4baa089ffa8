import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ResultError } from '../errors.ts'
import { readJournal } from './journal-reader.ts'
import { JournalWriter } from './journal-writer.ts'
import type { JournalEvent } from './schema.ts'
import {
  sampleBuild,
  sampleEnd,
  sampleEvents,
  sampleHeader,
  samplePaths,
  sampleRound,
} from './testing/sample-run.ts'
import { temporaryDirectory } from './testing/temporary.ts'

async function write(
  events: readonly JournalEvent[],
  file = path.join(temporaryDirectory(), 'journal.ndjson'),
) {
  const writer = await JournalWriter.create(file)
  for (const event of events) await writer.append(event)
  await writer.close()
  return file
}

/** All events up to the first problem, and the problem. */
async function read(file: string): Promise<{ events: JournalEvent[]; error: unknown }> {
  const events: JournalEvent[] = []
  try {
    for await (const event of readJournal(file)) events.push(event)
    return { events, error: undefined }
  } catch (error) {
    return { events, error }
  }
}

const note = (message: string): JournalEvent => ({
  type: 'note',
  at: '2026-11-23T01:02:03Z',
  level: 'info',
  message,
})

/** A journal with every shape of line, yet short enough to be cut at every byte. */
function shortEvents(): JournalEvent[] {
  const header = sampleHeader({
    paths: samplePaths.slice(0, 1),
    scenario: { name: 'a', title: 'ä\n', hash: 'sha256:0', text: 'é "\\ \u2028' },
  })
  const round = sampleRound({ requests: 3 })
  return [
    header,
    sampleBuild(),
    note('µs → Δ 🛰 \u0000 "quoted"'),
    { ...round, paths: round.paths.slice(0, 1), evidence: [], componentCpu: [] },
    sampleEnd,
  ]
}

describe('writing', () => {
  test('what was appended is read back, in order, also when appends overlap', async () => {
    const file = path.join(temporaryDirectory(), 'journal.ndjson')
    const writer = await JournalWriter.create(file)
    const events = [
      ...sampleEvents({ rounds: 4 }).slice(0, -1),
      ...Array.from({ length: 50 }, (_, i) => note(`${i}`)),
    ]
    await Promise.all(events.map((event) => writer.append(event)))
    expect(writer.events).toBe(events.length)
    await writer.close()
    expect(await read(file)).toEqual({ events, error: undefined })
  })

  test('an event is in the file when append has resolved', async () => {
    const file = path.join(temporaryDirectory(), 'journal.ndjson')
    const writer = await JournalWriter.create(file)
    await writer.append(sampleHeader())
    expect((await read(file)).events).toEqual([sampleHeader()])
    await writer.close()
  })

  test('a journal that exists is never opened for writing', async () => {
    const file = await write([sampleHeader()])
    const before = readFileSync(file)
    await expect(JournalWriter.create(file)).rejects.toThrow(ResultError)
    expect(readFileSync(file)).toEqual(before)
  })

  test.each([
    ['a latency that is no number', { durationMs: Number.NaN }],
    ['an endless latency', { durationMs: Number.POSITIVE_INFINITY }],
    ['a field that the format does not have', { surprise: 1 }],
    ['a negative count', { round: -1 }],
  ])('%s is refused before it is written', async (_, change) => {
    const file = path.join(temporaryDirectory(), 'journal.ndjson')
    const writer = await JournalWriter.create(file)
    await writer.append(sampleHeader())
    await expect(writer.append({ ...sampleRound(), ...change })).rejects.toThrow(
      /not a valid "round" event: \w+/,
    )
    await writer.append(sampleEnd)
    await writer.close()
    expect((await read(file)).events).toEqual([sampleHeader(), sampleEnd])
  })

  test('after close nothing is written', async () => {
    const writer = await JournalWriter.create(path.join(temporaryDirectory(), 'journal.ndjson'))
    await writer.close()
    await expect(writer.append(sampleHeader())).rejects.toThrow(/is closed/)
  })

  test('a line begins with its type, build, restart and round, whatever the order in the event', async () => {
    const { type, build, restart, round, ...rest } = sampleRound({ build: 2, restart: 3, round: 7 })
    const file = await write([sampleHeader(), { ...rest, round, restart, build, type }])
    expect(readFileSync(file, 'utf8')).toMatch(/^\{"type":"round","build":2,"restart":3,"round":7,/m)
  })
})

describe('a journal that loses its name while it is written', () => {
  const change: Readonly<Record<string, (file: string) => void>> = {
    removed: (file) => rmSync(file),
    moved: (file) => renameSync(file, `${file}.old`),
    replaced: (file) => {
      writeFileSync(`${file}.new`, '')
      renameSync(`${file}.new`, file)
    },
  }

  test.each(Object.keys(change))('%s: the next event says so, and nothing follows it', async (how) => {
    const file = path.join(temporaryDirectory(), 'journal.ndjson')
    const writer = await JournalWriter.create(file)
    await writer.append(sampleHeader())
    change[how]!(file)
    for (let i = 0; i < 2; i++) {
      await expect(writer.append(sampleBuild())).rejects.toThrow('journal.ndjson was removed or replaced')
    }
    expect(writer.events).toBe(1)
    await writer.close()
  })
})

describe('reading', () => {
  test('a journal cut at any byte yields every complete event and no error', async () => {
    const events = shortEvents()
    const file = await write(events)
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    const ends = lines.map((_, i) => Buffer.byteLength(lines.slice(0, i + 1).join('\n')))
    for (let length = readFileSync(file).length; length > ends[0]!; length--) {
      truncateSync(file, length)
      // A last line that lacks nothing but its newline is complete.
      const complete = ends.filter((end) => end <= length).length
      const { events: seen, error } = await read(file)
      expect(error).toBeUndefined()
      expect(seen).toEqual(events.slice(0, complete))
    }
    for (const length of [ends[0]! - 1, 1, 0]) {
      truncateSync(file, length)
      const { events: seen, error } = await read(file)
      expect(seen).toEqual([])
      expect(error).toBeInstanceOf(ResultError)
    }
  })

  test('a last line of zeros, as some file systems leave after a power cut, is ignored', async () => {
    const file = await write(shortEvents())
    appendFileSync(file, Buffer.alloc(4096))
    expect(await read(file)).toEqual({ events: shortEvents(), error: undefined })
  })

  test('garbage anywhere gives a ResultError at worst, and every event before it', async () => {
    const file = await write(shortEvents())
    const original = readFileSync(file)
    const damage = fc.record({
      at: fc.nat(original.length),
      removed: fc.nat(40),
      inserted: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.string().map((text) => Buffer.from(text)),
        fc.json().map((text) => Buffer.from(`\n${text}\n`)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, removed, inserted }) => {
        writeFileSync(
          file,
          Buffer.concat([original.subarray(0, at), inserted, original.subarray(at + removed)]),
        )
        const { events, error } = await read(file)
        expect(error === undefined || error instanceof ResultError).toBe(true)
        const linesBefore = original.subarray(0, at).toString().split('\n').length - 1
        expect(events.slice(0, linesBefore)).toEqual(shortEvents().slice(0, linesBefore))
      }),
      { numRuns: 500 },
    )
  })

  test('a damaged line in the middle is named by file and number', async () => {
    const file = await write([sampleHeader()])
    appendFileSync(file, '{"type":"note",\n{"type":"note","at":"x","level":"info","message":"after"}\n')
    const { error } = await read(file)
    expect(error).toBeInstanceOf(ResultError)
    expect((error as ResultError).message).toBe(`${file}:2: not JSON`)
  })

  test('a line that breaks the format says which field', async () => {
    const file = await write([sampleHeader()])
    appendFileSync(file, `${JSON.stringify({ ...sampleEnd, status: 'fine' })}\n`)
    expect(String((await read(file)).error)).toMatch(/journal\.ndjson:2: .*status/)
  })

  test.each([
    ['null where a number belongs', (text: string) => text.replace(/"steal":[^,]+/, '"steal":null')],
    ['a number too large to be one', (text: string) => text.replace(/"steal":[^,]+/, '"steal":1e999')],
  ])('%s is refused', async (_, change) => {
    const file = await write([sampleHeader()])
    appendFileSync(file, `${change(JSON.stringify(sampleRound()))}\n`)
    expect(String((await read(file)).error)).toMatch(/:2: .*host\.steal/)
  })

  test('a newer format is named as that, whatever else is new in it', async () => {
    const file = path.join(temporaryDirectory(), 'journal.ndjson')
    writeFileSync(file, `${JSON.stringify({ type: 'run', schemaVersion: 3, novelty: true })}\n`)
    const { error } = await read(file)
    expect(String(error)).toMatch(/written by a newer hopmeter \(result format 3; this one reads up to 2\)/)
    expect((error as ResultError).hint).toMatch(/Update hopmeter/)
  })

  test('events without a header, and second headers, are refused', async () => {
    const file = await write([sampleBuild()])
    expect(String((await read(file)).error)).toMatch(/:1: a journal starts with its header/)
    const twice = await write([sampleHeader(), sampleHeader()])
    expect(String((await read(twice)).error)).toMatch(/:2: a second header/)
  })

  test('a line that does not end is not read into memory for ever', async () => {
    const file = await write([sampleHeader()])
    const megabyte = Buffer.alloc(1 << 20, 'x')
    for (let i = 0; i < 33; i++) appendFileSync(file, megabyte)
    expect(String((await read(file)).error)).toMatch(/:2: longer than/)
  })

  test('a folder, a missing file and invalid UTF-8 are ResultErrors', async () => {
    const directory = temporaryDirectory()
    expect((await read(directory)).error).toBeInstanceOf(ResultError)
    expect((await read(path.join(directory, 'none'))).error).toBeInstanceOf(ResultError)
    const file = await write([sampleHeader()])
    appendFileSync(file, Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]))
    expect(String((await read(file)).error)).toMatch(/:2: not UTF-8/)
  })

  test('keys that could change prototypes never do', async () => {
    const file = path.join(temporaryDirectory(), 'journal.ndjson')
    const line = JSON.stringify(sampleHeader({ labels: { team: 'x' } }))
    writeFileSync(file, `${line.replace('"team":"x"', '"__proto__":"x","constructor":"y"')}\n`)
    const protoOf = async (key: 'labels' | 'environment') => {
      const [header] = (await read(file)).events
      if (header?.type !== 'run') throw new Error('the header was not read')
      return Object.getPrototypeOf(header[key]) as unknown
    }
    expect(await protoOf('labels')).toBe(Object.prototype)
    writeFileSync(file, `${line.replace('"node":"20', '"__proto__":{"polluted":1},"node":"20')}\n`)
    expect(await protoOf('environment')).toBe(Object.prototype)
  })
})
