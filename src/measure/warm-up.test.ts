import { expect, onTestFinished, test } from 'vitest'
import { decodeHistogram, encodeHistogram, newHistogram } from '../results/histogram.ts'
import { Build } from './build.ts'
import { FirstRequests } from './first-requests.ts'
import { expandLoads } from '../load/profiles.ts'
import { measure } from './run.ts'
import { planTurns } from './schedule.ts'
import { settleWindow } from './settle.ts'
import { fewRounds, ofType, smallRun } from './testing/small-run.ts'
import { warmUp } from './warm-up.ts'

/** A build whose turns are scripted: slot n of a path takes `medianNs(n)`. */
function scripted(medianNs: (slot: number) => number) {
  const turns: { readonly flood: boolean }[] = []
  let slot = 0
  const build = {
    turn: (
      turn: { readonly durationMs: number; readonly paths: readonly string[] },
      _: number,
      flood = false,
    ) => {
      turns.push({ flood })
      const ns = flood ? 1 : medianNs(slot++)
      return new Promise((resolve) =>
        setTimeout(
          () => resolve({ samples: turn.paths.map((path) => sampleOf(path, ns)), pods: [] }),
          turn.durationMs,
        ),
      )
    },
  } as unknown as Build
  return { build, turns }
}

function sampleOf(path: string, ns: number) {
  const warm = newHistogram()
  for (let i = 0; i < 5; i++) warm.recordValue(ns)
  return { path, warm: encodeHistogram(warm), cold: encodeHistogram(newHistogram()) }
}

const loads = expandLoads([{ profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 }])
const turns = planTurns([{ name: 'near', client: 'one' }], loads, 100)
const run = (build: Build, warmupMs: number, signal = new AbortController().signal) =>
  warmUp(
    { rounds: { ...fewRounds, durationMs: 100, warmupMs }, signal },
    build,
    turns,
    1,
    () => {},
    new FirstRequests(),
  )

test('floods first, then goes on as a round does until every path has settled', async () => {
  const { build, turns: sent } = scripted((slot) => (slot < 10 ? 100_000 - 5000 * slot : 50_000))
  const outcome = await run(build, 60)
  expect(outcome.unsettled).toEqual([])
  expect(outcome.warmupMs).toBeGreaterThanOrEqual(60)
  const floods = sent.filter(({ flood }) => flood).length
  expect(floods).toBeGreaterThan(0)
  expect(sent.findLastIndex(({ flood }) => flood)).toBe(floods - 1)
  // It fell for ten slots, and as many as are looked at must have stood still since.
  expect(sent.length - floods).toBeGreaterThanOrEqual(10 + settleWindow / 2)
})

test('says what never settled, and ends nevertheless', async () => {
  const { build } = scripted((slot) => 1e9 * 0.9 ** slot)
  const outcome = await run(build, 60)
  expect(outcome.unsettled).toEqual(['near/pingpong'])
  expect(outcome.warmupMs).toBeGreaterThanOrEqual(4 * 60)
})

test('is left out when none is asked for', async () => {
  const { build, turns: sent } = scripted(() => 1)
  expect(await run(build, 0)).toEqual({ warmupMs: 0, unsettled: [] })
  expect(sent).toEqual([])
})

test('stops when the run is stopped', async () => {
  const controller = new AbortController()
  controller.abort(new Error('stopped'))
  const { build } = scripted(() => 1)
  await expect(run(build, 60, controller.signal)).rejects.toThrow('stopped')
})

test('a start that has not settled is told in the journal and to whoever watches, and measured', async () => {
  // Slots of a millisecond hold one request of three: no slot has both paths of a client, so neither can settle.
  const slow = { delayUs: 3000 }
  const { options, events, notes } = smallRun(
    { rounds: { ...fewRounds, restarts: 1, warmupMs: 1 } },
    { faults: { 'server-one-n2-plain': slow, 'server-two-n1-plain': slow } },
  )
  await measure(options)
  const [start] = ofType(events, 'restart')
  expect(start!.unsettled.length).toBeGreaterThan(0)
  const told = notes.filter((note) => note.includes('had not settled'))
  expect(told).toHaveLength(1)
  expect(told[0]).toContain(start!.unsettled.join(', '))
  expect(ofType(events, 'note').map(({ message }) => message)).toEqual(told)
  expect(ofType(events, 'round')).toHaveLength(2)
})

test('warms the real agent up over every path, each over the one connection that it keeps', async () => {
  const { options } = smallRun()
  const { signal } = options
  const build = await Build.up(options.backend, options.plan, options, { signal, progress() {} })
  onTestFinished(() => build.down())
  await build.connect(options.loads)
  const paths = options.paths.map(({ name, clientWorkload }) => ({ name, client: clientWorkload.name }))
  const firsts = new FirstRequests()
  await warmUp(
    { rounds: { ...fewRounds, warmupMs: 200 }, signal },
    build,
    planTurns(paths, options.loads, 120),
    1,
    () => {},
    firsts,
  )
  const colds = [...firsts.take()].map(([key, cold]) => [key, decodeHistogram(cold).totalCount])
  expect(colds).toEqual(['near/pingpong', 'far/pingpong', 'other/pingpong'].map((key) => [key, 1]))
  expect([...firsts.take()]).toEqual([])
})
