import { describe, expect, test } from 'vitest'
import { HopmeterError, InterruptedError, PathMismatchError } from '../errors.ts'
import { decodeHistogram } from '../results/histogram.ts'
import { journalEvent } from '../results/schema.ts'
import type { MeasureOptions } from './options.ts'
import { restOfRun } from './resume.ts'
import { measure } from './run.ts'
import { fewRounds, ofType, smallRun } from './testing/small-run.ts'

/** A busy machine flags rounds, and many flagged rounds make a run void: both is a measurement to its end. */
async function expectMeasured(options: MeasureOptions): Promise<void> {
  expect(['complete', 'void']).toContain((await measure(options)).status)
}

describe('a run', { timeout: 120_000 }, () => {
  test('nests rounds in restarts and restarts in builds, each restart proven before its rounds', async () => {
    const { options, events, log } = smallRun({ rounds: { ...fewRounds, durationMs: 600, builds: 2 } })
    await expectMeasured(options)
    for (const event of events) expect(journalEvent.parse(event)).toEqual(event)
    const ofRestart = (restart: number) => [
      `proof ${restart}`,
      `restart ${restart}`,
      `round ${restart}.1`,
      `round ${restart}.2`,
    ]
    const ofBuild = ['build', ...[1, 2, 3].flatMap(ofRestart), 'unreachable']
    const told = events
      .filter(({ type }) => type !== 'note')
      .map((event) => {
        if (event.type === 'round') return `round ${event.restart}.${event.round}`
        return 'restart' in event ? `${event.type} ${event.restart}` : event.type
      })
    expect(told).toEqual([...ofBuild, ...ofBuild])
    expect(events.flatMap((event) => ('build' in event ? [event.build] : []))).toEqual([
      ...ofBuild.map(() => 1),
      ...ofBuild.map(() => 2),
    ])
    // The first start comes with the build.
    const calls = ['up', 'restart', 'restart', 'down']
    expect(log.calls).toEqual([...calls, ...calls])
    for (const { evidence } of [...ofType(events, 'round'), ...ofType(events, 'proof')]) {
      expect(evidence.map(({ path, verdict }) => [path, verdict])).toEqual(
        ['near', 'far', 'other'].map((path) => [path, 'proven']),
      )
    }
  })

  test('ends every load agent before its testbed restarts, and leaves none', async () => {
    const { options, log } = smallRun()
    await measure(options)
    expect(log.agentsAtRestart).toEqual([0, 0])
    expect(log.agents()).toBe(0)
  })

  test('does the same again from its seed: orders, seeds of restarts', async () => {
    const orderOf = async (seed: number) => {
      const { options, events, log } = smallRun({ seed })
      await measure(options)
      const orders = ofType(events, 'round').map(({ generators }) => generators.map(({ client }) => client))
      return { orders, seeds: log.restartSeeds }
    }
    const [first, again, other] = [await orderOf(7), await orderOf(7), await orderOf(8)]
    expect(again).toEqual(first)
    expect(other.seeds).not.toEqual(first.seeds)
    expect(new Set([...first.seeds, ...other.seeds]).size).toBe(4)
  })

  test('tries a path that must not exist once per build, not once per restart', async () => {
    const { options, events } = smallRun()
    await measure(options)
    expect(ofType(events, 'unreachable')).toMatchObject([{ path: 'nowhere', build: 1, confirmed: true }])
  })

  test('keeps the first request of every restart', async () => {
    const { options, events } = smallRun({ rounds: { ...fewRounds, warmupMs: 60 } })
    await measure(options)
    for (const { round, paths } of ofType(events, 'round')) {
      for (const { path, cold } of paths) {
        // The proof opens the connection; its first request belongs to the first round.
        expect([path, decodeHistogram(cold).totalCount]).toEqual([path, round === 1 ? 1 : 0])
      }
    }
  })

  test('tells two halves of the requests of each path apart, and none where it is told so', async () => {
    const { options, events } = smallRun()
    await measure(options)
    for (const { paths } of ofType(events, 'round')) {
      for (const { halvesNs } of paths) expect(halvesNs).toHaveLength(2)
    }
    const one = smallRun({ halves: false })
    await measure(one.options)
    for (const { paths } of ofType(one.events, 'round')) {
      for (const path of paths) expect(path).not.toHaveProperty('halvesNs')
    }
  })

  test('of a backend that cannot restart is a run of one start', async () => {
    const { options, log } = smallRun({ rounds: { ...fewRounds, restarts: 1 } }, { canRestart: false })
    await expectMeasured(options)
    expect(log.calls).toEqual(['up', 'down'])
    const asked = smallRun({}, { canRestart: false })
    await expect(measure(asked.options)).rejects.toThrow('cannot restart')
    expect(asked.log.calls).toEqual(['up', 'down'])
  })
})

describe('a run that goes on after it was stopped', { timeout: 120_000 }, () => {
  test('measures the restarts that are missing, in a new build, with the seeds that they would have had', async () => {
    const whole = smallRun()
    await measure(whole.options)
    const stopped = smallRun({}, { onRestart: (start) => void (start === 2 && fail()) })
    await expect(measure(stopped.options)).rejects.toThrow('stopped')
    const before = ofType(stopped.events, 'round').map((event) => ({
      ...event,
      componentCpuMs: [],
      turns: undefined,
    }))
    const builds = restOfRun({ rounds: fewRounds, measured: before, builds: ofType(stopped.events, 'build') })
    expect(builds).toEqual([{ build: 2, restarts: [2, 3] }])
    const rest = smallRun({ builds, before })
    await measure(rest.options)
    expect(ofType(rest.events, 'round').map(({ build, restart, round }) => [build, restart, round])).toEqual([
      [2, 1, 1],
      [2, 1, 2],
      [2, 2, 1],
      [2, 2, 2],
    ])
    const ordersOf = ({ events }: typeof whole) =>
      ofType(events, 'round').map(({ generators }) => generators.map(({ client }) => client))
    expect([...ordersOf(stopped), ...ordersOf(rest)]).toEqual(ordersOf(whole))
    // The start that a stand-up brings is no restart of it.
    expect([...stopped.log.restartSeeds, ...rest.log.restartSeeds]).toEqual(whole.log.restartSeeds)
  })
})

function fail(): never {
  throw new HopmeterError('stopped')
}

describe('a run that goes wrong', { timeout: 120_000 }, () => {
  test('stops at the restart whose proof speaks of another pod, and takes the testbed down', async () => {
    const podName = (name: string, start: number) => (start === 2 ? 'somebody-else' : name)
    const { options, events, log } = smallRun({}, { podName })
    await expect(measure(options)).rejects.toThrow(PathMismatchError)
    expect(ofType(events, 'round').map(({ restart }) => restart)).toEqual([1, 1])
    expect(ofType(events, 'proof').map(({ restart }) => restart)).toEqual([1, 2])
    expect(log.calls).toEqual(['up', 'restart', 'down'])
    expect(log.agents()).toBe(0)
  })

  test('goes on where it only warns, and says at its end that paths were not as expected', async () => {
    const podName = (name: string, start: number) => (start === 2 ? 'somebody-else' : name)
    const { options, events, notes } = smallRun({ verify: 'warn' }, { podName })
    expect(await measure(options)).toMatchObject({ status: 'path-mismatch' })
    expect(ofType(events, 'round')).toHaveLength(6)
    expect(notes.filter((note) => note.includes('path not as expected'))).toHaveLength(1)
  })

  test('a restart that fails takes the testbed down and keeps what was measured', async () => {
    const failure = new HopmeterError('a program did not come back')
    const onRestart = (start: number) => {
      if (start === 3) throw failure
    }
    const { options, events, log } = smallRun({}, { onRestart })
    await expect(measure(options)).rejects.toBe(failure)
    expect(ofType(events, 'round').map(({ restart }) => restart)).toEqual([1, 1, 2, 2])
    expect(log.calls).toEqual(['up', 'restart', 'restart', 'down'])
    expect(log.agents()).toBe(0)
  })

  test('one that is stopped in a restart ends there, with nothing left', async () => {
    const controller = new AbortController()
    const onRestart = () => controller.abort(new InterruptedError('SIGINT'))
    const { options, events, log } = smallRun({ signal: controller.signal }, { onRestart })
    await expect(measure(options)).rejects.toThrow(InterruptedError)
    expect(ofType(events, 'round').map(({ restart }) => restart)).toEqual([1, 1])
    expect(log.calls.at(-1)).toBe('down')
    expect(log.agents()).toBe(0)
  })
})
