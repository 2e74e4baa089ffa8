import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ResultError } from '../errors.ts'
import { lockHost } from './host-lock.ts'
import { createRunDirectory, runFiles } from './run-directory.ts'
import type { JournalEvent } from './schema.ts'
import { listRuns, openRun, readRounds } from './store.ts'
import { sampleEnd, sampleEvents } from './testing/sample-run.ts'
import { sampleEventsOfFormat1 } from './testing/sample-run-v1.ts'
import { temporaryDirectory } from './testing/temporary.ts'

const ids = {
  oldest: '2026-11-21t10-00-00z-hop-ladder-0001',
  middle: '2026-11-22t10-00-00z-mixed-0002',
  newest: '2026-11-23t10-00-00z-hop-ladder-0003',
} as const

beforeEach(() => {
  process.env['HOPMETER_LOCK_NAME'] = `hopmeter-test-store-${process.pid}`
  onTestFinished(() => void delete process.env['HOPMETER_LOCK_NAME'])
})

/** A run as hopmeter leaves it; without `end` as a killed hopmeter leaves it. */
async function keepRun(
  root: string,
  id: string,
  events: readonly JournalEvent[] = sampleEvents(),
): Promise<string> {
  const directory = await createRunDirectory(root, id, 'name: x\n')
  for (const event of events) await directory.append(event.type === 'run' ? { ...event, id } : event)
  await directory.finish()
  if (events.at(-1)?.type !== 'end') rmSync(path.join(directory.path, runFiles.result))
  return directory.path
}

async function threeRuns(): Promise<string> {
  const root = temporaryDirectory()
  await keepRun(root, ids.middle, sampleEvents().slice(0, -1))
  await keepRun(root, ids.newest)
  await keepRun(root, ids.oldest, [...sampleEvents().slice(0, -1), { ...sampleEnd, status: 'void' }])
  return root
}

describe('listing', () => {
  test('shows what each run was and how it ended, newest first', async () => {
    const root = await threeRuns()
    const common = { scenario: 'hop-ladder', engine: 'lab-node 0.1.0', backend: 'lab', rounds: 3 }
    expect(await listRuns(root)).toMatchObject([
      { ...common, id: ids.newest, status: 'complete', path: path.join(root, ids.newest) },
      { ...common, id: ids.middle, status: 'interrupted' },
      { ...common, id: ids.oldest, status: 'void' },
    ])
  })

  test('counts rounds of long journals and of several builds from their end alone', async () => {
    const root = temporaryDirectory()
    const events = sampleEvents({ rounds: 2, restarts: 4, requests: 50 })
    const last = events.find((event) => event.type === 'round')!
    const notes = Array.from({ length: 300 }, (_, i) => ({
      type: 'note' as const,
      at: sampleEnd.at,
      level: 'info' as const,
      message: `${i} ${'x'.repeat(400)}`,
    }))
    await keepRun(root, ids.newest, [
      ...events
        .slice(0, -1)
        .map((event) =>
          event.type === 'run' ? { ...event, rounds: { ...event.rounds, builds: 3 } } : event,
        ),
      { ...last, build: 3, restart: 2, round: 1 },
      ...notes,
      sampleEnd,
    ])
    expect(await listRuns(root)).toMatchObject([{ rounds: (2 * 4 + 1) * 2 + 1, status: 'complete' }])
  })

  test('counts the rounds of a run that was resumed, whose later builds are beyond those that were planned', async () => {
    const root = temporaryDirectory()
    const events = sampleEvents({ rounds: 2, restarts: 4, requests: 50 })
    const all = events.filter((event) => event.type === 'round')
    const again = all.slice(0, 3).map((event) => ({ ...event, build: 2 }))
    const kept = events.filter((event) => event !== all.at(-1) && event.type !== 'end')
    await keepRun(root, ids.newest, [...kept, ...again, sampleEnd])
    expect(await listRuns(root)).toMatchObject([{ rounds: all.length - 1 + again.length }])
  })

  test('counts rounds of journals of format 1, which name no restarts', async () => {
    const root = temporaryDirectory()
    await keepRun(root, ids.newest, sampleEventsOfFormat1({ rounds: 3, requests: 50 }))
    expect(await listRuns(root)).toMatchObject([{ rounds: 3, status: 'complete' }])
  })

  test('shows the run that holds the lock of this host as running', async () => {
    const root = await threeRuns()
    const lock = await lockHost({ runId: ids.middle, scenario: 'mixed' })
    try {
      expect((await listRuns(root)).map((run) => run.status)).toEqual(['complete', 'running', 'void'])
    } finally {
      await lock.release()
    }
  })

  test('names what cannot be read and goes on', async () => {
    const root = await threeRuns()
    writeFileSync(path.join(root, ids.newest, runFiles.journal), 'rubbish\n')
    truncateSync(path.join(root, ids.middle, runFiles.journal), 0)
    const empty = '2026-11-24t10-00-00z-empty-0004'
    mkdirSync(path.join(root, empty))
    mkdirSync(path.join(root, 'not-a-run'))
    writeFileSync(path.join(root, '.gitkeep'), '')
    expect(await listRuns(root)).toMatchObject([
      { id: empty, status: 'unreadable', problem: expect.stringContaining('ENOENT') as string },
      { id: ids.newest, status: 'unreadable', problem: expect.stringContaining(':1: not JSON') as string },
      {
        id: ids.middle,
        status: 'unreadable',
        problem: expect.stringContaining('no complete event') as string,
      },
      { id: ids.oldest, status: 'void' },
    ])
  })

  test('knows runs that were copied without their journal', async () => {
    const root = await threeRuns()
    rmSync(path.join(root, ids.newest, runFiles.journal))
    expect((await listRuns(root))[0]).toMatchObject({ id: ids.newest, status: 'complete', rounds: 3 })
  })

  test('of a folder that does not exist is empty', async () => {
    expect(await listRuns(path.join(temporaryDirectory(), 'none'))).toEqual([])
  })

  test('of a file is a ResultError', async () => {
    const file = path.join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    await expect(listRuns(file)).rejects.toThrow(ResultError)
  })
})

describe('opening', () => {
  test.each([
    ['a full id', ids.oldest, ids.oldest],
    ['the start of one', '2026-11-22', ids.middle],
    ['latest', 'latest', ids.newest],
  ])('by %s', async (_, reference, id) => {
    const root = await threeRuns()
    const run = await openRun(root, reference)
    expect(run.result.id).toBe(id)
    expect(run.path).toBe(path.join(root, id))
  })

  test('by the path of a folder, a result or a journal, wherever the root is', async () => {
    const root = await threeRuns()
    const elsewhere = path.join(temporaryDirectory(), 'copied')
    cpSync(path.join(root, ids.newest), elsewhere, { recursive: true })
    for (const reference of [
      elsewhere,
      `${elsewhere}/${runFiles.result}`,
      `${elsewhere}/${runFiles.journal}`,
    ]) {
      const run = await openRun('/nonexistent', reference)
      expect(run).toMatchObject({ path: elsewhere, result: { id: ids.newest, status: 'complete' } })
    }
  })

  test('gives the same from a journal as from result.json', async () => {
    const root = await threeRuns()
    const kept = await openRun(root, ids.newest)
    rmSync(path.join(root, ids.newest, runFiles.result))
    const rebuilt = await openRun(root, ids.newest)
    expect([kept.rebuilt, rebuilt.rebuilt]).toEqual([false, true])
    expect(rebuilt.result).toEqual(kept.result)
  })

  test('a run without result.json or end is interrupted', async () => {
    const run = await openRun(await threeRuns(), ids.middle)
    expect(run).toMatchObject({ rebuilt: true, result: { status: 'interrupted' } })
    expect(run.result.measured).toHaveLength(3)
  })

  test('falls back to the journal when result.json is damaged', async () => {
    const root = await threeRuns()
    truncateSync(path.join(root, ids.newest, runFiles.result), 1000)
    expect(await openRun(root, ids.newest)).toMatchObject({ rebuilt: true, result: { status: 'complete' } })
  })

  test('latest is not the one that is being measured, and that one says so', async () => {
    const root = await threeRuns()
    const running = '2026-11-25t10-00-00z-hop-ladder-0009'
    await keepRun(root, running, sampleEvents().slice(0, -2))
    const lock = await lockHost({ runId: running, scenario: 'hop-ladder' })
    try {
      expect((await openRun(root, 'latest')).result.id).toBe(ids.newest)
      expect((await openRun(root, running)).result.reason).toBe(`still being measured by pid ${process.pid}`)
    } finally {
      await lock.release()
    }
    expect((await openRun(root, 'latest')).result.id).toBe(running)
  })

  test.each([
    ['nothing that starts so', '2027', /no run in .* starts with "2027"/],
    ['a beginning that three runs have', '2026-11-2', /3 runs in .*: .*0003.*0002.*0001/],
    ['an empty name', '', /has no name/],
    ['a path that does not exist', './none', /there is no \.\/none/],
    ['a way out of the root', '../../etc', /there is no|is not a run/],
  ])('%s is refused', async (_, reference, message) => {
    const failure = openRun(await threeRuns(), reference)
    await expect(failure).rejects.toThrow(ResultError)
    await expect(failure).rejects.toThrow(message)
  })

  test('latest passes over newer runs that cannot be read, and names them', async () => {
    const root = await threeRuns()
    const [empty, damaged] = ['2026-11-25t10-00-00z-empty-0008', '2026-11-24t10-00-00z-damaged-0007'] as const
    mkdirSync(path.join(root, empty))
    writeFileSync(path.join(await keepRun(root, damaged), runFiles.result), '{}')
    writeFileSync(path.join(root, damaged, runFiles.journal), 'rubbish\n')
    const run = await openRun(root, 'latest')
    expect(run).toMatchObject({ path: path.join(root, ids.newest), result: { id: ids.newest } })
    expect(run.skipped).toEqual([
      { id: empty, problem: expect.stringContaining('neither result.json nor journal.ndjson') as string },
      { id: damaged, problem: expect.stringContaining(':1: not JSON') as string },
    ])
    expect(await openRun(root, ids.newest)).not.toHaveProperty('skipped')
  })

  test('latest fails where no run can be read, and names the newest', async () => {
    const root = temporaryDirectory()
    for (const id of [ids.oldest, ids.newest]) mkdirSync(path.join(root, id))
    await expect(openRun(root, 'latest')).rejects.toMatchObject({
      message: expect.stringMatching(
        `no run in .* can be read; the newest, ${ids.newest}: .*neither`,
      ) as string,
      hint: `hopmeter results list --results ${root}`,
    })
  })

  test('latest without runs says how to make one', async () => {
    await expect(openRun(temporaryDirectory(), 'latest')).rejects.toMatchObject({
      hint: expect.stringContaining('hopmeter run') as string,
    })
  })

  test('a folder that is no run says what is missing', async () => {
    const directory = temporaryDirectory()
    await expect(openRun('results', directory)).rejects.toThrow(/neither result\.json nor journal\.ndjson/)
  })

  test('a result of a newer hopmeter is refused as that', async () => {
    const file = path.join(temporaryDirectory(), 'result.json')
    writeFileSync(file, JSON.stringify({ schemaVersion: 9 }))
    await expect(openRun('results', file)).rejects.toThrow(/written by a newer hopmeter \(result format 9/)
  })

  test('a result with an id that is a path is refused', async () => {
    const root = await threeRuns()
    const file = path.join(root, ids.newest, runFiles.result)
    writeFileSync(file, readFileSync(file, 'utf8').replace(`"id":"${ids.newest}"`, '"id":"../../etc/x"'))
    await expect(openRun(root, file)).rejects.toThrow(/: id: not a run id/)
  })
})

test('rounds stream from the journal with their histograms and evidence', async () => {
  const root = await threeRuns()
  appendFileSync(path.join(root, ids.newest, runFiles.journal), '{"torn')
  const seen = []
  for await (const round of readRounds(await openRun(root, ids.newest))) seen.push(round)
  expect(seen).toEqual(sampleEvents().filter((event) => event.type === 'round'))
  expect(seen[0]!.paths[0]!.warm).toMatch(/^HISTF/)
})
