import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { digestJournal } from './digest.ts'
import { readJournal } from './journal-reader.ts'
import { createRunDirectory } from './run-directory.ts'
import { roundName } from './round-name.ts'
import type { JournalEvent, RoundEvent, RunHeader, RunResult } from './schema.ts'
import { listRuns } from './store.ts'
import { takeVariant } from './take-variant.ts'
import { sampleEvents, samplePaths } from './testing/sample-run.ts'
import { oneAfterAnother, sampleVariants } from './testing/sample-variants.ts'
import { temporaryDirectory } from './testing/temporary.ts'

const [older, newer] = sampleVariants.map(({ name }) => name) as [string, string]
const events = oneAfterAnother(sampleEvents({ rounds: 2, restarts: 3, requests: 30 }))

async function digested(change: (event: JournalEvent) => void = () => {}): Promise<RunResult> {
  const changed = structuredClone(events)
  changed.forEach(change)
  const file = path.join(temporaryDirectory(), 'journal.ndjson')
  writeFileSync(file, changed.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return await digestJournal(readJournal(file))
}

const ofRound = (change: (round: RoundEvent) => void) => (event: JournalEvent) => {
  if (event.type === 'round') change(event)
}
const ofHeader = (change: (header: RunHeader) => void) => (event: JournalEvent) => {
  if (event.type === 'run') change(event)
}

beforeEach(() => {
  process.env['HOPMETER_LOCK_NAME'] = `hopmeter-test-switched-${process.pid}`
  onTestFinished(() => void delete process.env['HOPMETER_LOCK_NAME'])
})

describe('a run whose variants stood one after the other', () => {
  test('is read with the rounds and starts of each', async () => {
    const { switched, measured, restarts } = await digested()
    expect(switched).toBe(true)
    const rounds = measured.filter(({ variant }) => variant === newer)
    expect(rounds).toHaveLength(measured.length / 2)
    for (const { paths } of rounds) expect(paths).toHaveLength(samplePaths.length)
    expect(restarts.filter(({ variant }) => variant === older)).toHaveLength(restarts.length / 2)
    expect(roundName(rounds[0]!)).toBe(`build 1, restart 1, round 1 of ${newer}`)
  })

  test('gives each variant as a run of its own: its rounds, its starts, and nothing of the others', async () => {
    const run = await digested()
    const taken = takeVariant(run, newer)
    expect(taken.measured).toHaveLength(run.measured.length / 2)
    expect(taken.restarts).toHaveLength(run.restarts.length / 2)
    expect(taken.restarts[0]?.facts).toEqual({ ztunnel: `ztunnel:${newer}` })
    expect(taken.measured.every(({ paths }) => paths.length === samplePaths.length)).toBe(true)
    const own = run.measured.filter(({ variant }) => variant === newer)
    // What forwarded bytes while it stood was its own, so all of it is charged to it.
    expect(taken.measured.map(({ componentCpuMs }) => componentCpuMs)).toEqual(
      own.map(({ componentCpuMs }) => componentCpuMs),
    )
    expect(JSON.stringify(taken)).not.toMatch(/"variant"|switched|scenarioPath|@base/)
  })

  test('is listed with all its rounds', async () => {
    const root = temporaryDirectory()
    const id = '2026-11-23t10-00-00z-hop-ladder-0003'
    const directory = await createRunDirectory(root, id, 'name: x\n')
    for (const event of events) await directory.append(event.type === 'run' ? { ...event, id } : event)
    await directory.finish()
    const rounds = events.filter(({ type }) => type === 'round').length
    expect(await listRuns(root)).toMatchObject([{ id, rounds }])
  })
})

describe('what does not fit together is not believed', () => {
  test.each<[string, (event: JournalEvent) => void, RegExp]>([
    ['a round of no variant', ofRound((round) => delete round.variant), /a round is of no variant/],
    [
      'a round of one in a run where all stood',
      ofHeader((header) => delete header.switched),
      /a round is of "base" alone, the run of all/,
    ],
    [
      'a variant that is not there',
      ofRound((round) => (round.variant = 'other')),
      /a round is of variant "other"/,
    ],
    [
      'a path of another variant',
      ofRound((round) => round.variant === newer && (round.paths[0]!.path = `no-mesh@${older}`)),
      /a round of variant "pr" has path "no-mesh@base"/,
    ],
    [
      'evidence of another variant',
      ofRound((round) => round.variant === newer && (round.evidence[0]!.path = `no-mesh@${older}`)),
      /a round of variant "pr" has path "no-mesh@base"/,
    ],
    [
      'the same round twice',
      ofRound((round) => (round.round = 1)),
      /build 1, restart 1, round 1 of base is there twice/,
    ],
  ])('%s', async (_, change, why) => {
    await expect(digested(change)).rejects.toThrow(why)
  })
})
