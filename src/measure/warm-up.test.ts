import { expect, onTestFinished, test, vi } from 'vitest'
import { decodeHistogram, encodeHistogram, newHistogram } from '../results/histogram.ts'
import { Build } from './build.ts'
import { FirstRequests } from './first-requests.ts'
import { expandLoads } from '../load/profiles.ts'
import { measure } from './run.ts'
import { planTurns } from './schedule.ts'
import { settleWindow } from './settle.ts'
import { fewRounds, ofType, smallRun } from './testing/small-run.ts'
import { warmUp } from './warm-up.ts'

/** A build whose turns are scripted: slot n of a path takes `medianNs(n)`. Time passes in turns only. */
function scripted(medianNs: (slot: number) => number, floodNs = 1) {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const turns: { readonly flood: boolean }[] = []
  let slot = 0
  const build = {
    turn: (
      turn: { readonly durationMs: number; readonly paths: readonly string[] },
      _: number,
      flood = false,
    ) => {
      turns.push({ flood })
      const ns = flood ? floodNs : medianNs(slot++)
      vi.advanceTimersByTime(turn.durationMs)
      return Promise.resolve({ samples: turn.paths.map((path) => sampleOf(path, ns)), pods: [] })
    },
  } as unknown as Build
  return { build, turns }
}

/** Five answers; with 0 ns, five requests without one. */
function sampleOf(path: string, ns: number) {
  const warm = newHistogram()
  if (ns > 0) for (let i = 0; i < 5; i++) warm.recordValue(ns)
  const cold = encodeHistogram(newHistogram())
  return { path, sent: 5, received: warm.totalCount, warm: encodeHistogram(warm), cold }
}

const loads = expandLoads([{ profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 }])
const turns = planTurns([{ name: 'near', client: 'one' }], loads, 100)
const openTurns = (ratePerSecond: number) =>
  planTurns(
    [{ name: 'near', client: 'one' }],
    expandLoads([{ profile: 'open', ratePerSecond, connections: 4, requestBytes: 16, responseBytes: 16 }]),
    100,
  )
const run = (build: Build, warmupMs: number, signal = new AbortController().signal, turnsOf = turns) =>
  warmUp(
    { rounds: { ...fewRounds, durationMs: 100, warmupMs }, signal },
    build,
    turnsOf,
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

test('names a path that is silent all through, and does not wait for it', async () => {
  const { build } = scripted(() => 0)
  expect(await run(build, 60)).toEqual({ warmupMs: 60, unsettled: ['near/pingpong'] })
})

test('a rate of less than one request per step ends with the time asked for, whatever its level does', async () => {
  // Slots of 5 ms: 100 a second are half a request each.
  const { build } = scripted((slot) => (slot % 2 === 0 ? 1e9 * 0.9 ** slot : 1))
  expect(await run(build, 60, undefined, openTurns(100))).toEqual({ warmupMs: 60, unsettled: [] })
})

test('requests at such a rate that are never answered are named', async () => {
  const { build } = scripted(() => 0, 0)
  expect(await run(build, 60, undefined, openTurns(100))).toEqual({
    warmupMs: 60,
    unsettled: ['near/open-r100'],
  })
})

test('a rate of a few requests per step is judged by the steps that had one', async () => {
  const { build, turns: sent } = scripted((slot) => (slot % 2 === 0 ? 50_000 : 0))
  const { unsettled } = await run(build, 60, undefined, openTurns(400))
  expect(unsettled).toEqual([])
  expect(sent.filter(({ flood }) => !flood).length).toBe(2 * settleWindow - 1)
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
