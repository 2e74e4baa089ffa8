import { describe, expect, test } from 'vitest'
import { PathMismatchError } from '../errors.ts'
import { journalEvent, type JournalEvent } from '../results/schema.ts'
import { restOfRun } from './resume.ts'
import { measure } from './run.ts'
import { fewRounds, ofType, smallRun } from './testing/small-run.ts'

const variants = ['old', 'new']
/** A path to this server is answered by another pod where the old version stands. */
const misled = (workload: string, _start: number, variant: string | undefined) =>
  variant === 'old' && workload === 'server-two-n1-plain' ? 'somebody-else' : workload
const rounds = { ...fewRounds, durationMs: 600, restarts: 4 }

describe('variants of which one stands at a time', { timeout: 120_000 }, () => {
  test('have starts and rounds of their own in every restart, in an order that is balanced', async () => {
    const { options, events, log } = smallRun({ rounds }, { variants })
    expect(['complete', 'void']).toContain((await measure(options)).status)
    for (const event of events) expect(journalEvent.parse(event)).toEqual(event)
    const starts = ofType(events, 'restart').map(({ restart, variant }) => [restart, variant])
    expect(starts.map(([restart]) => restart)).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
    const order = starts.map(([, variant]) => variant)
    const pairs = [order.slice(0, 4), order.slice(4)]
    for (const pair of pairs)
      expect([
        ['old', 'new', 'new', 'old'],
        ['new', 'old', 'old', 'new'],
      ]).toContainEqual(pair)
    // Every start is a switch, the first of the testbed included: all are made the same way.
    expect(log.calls).toEqual(['up', ...order.map((variant) => `restart ${variant}`), 'down'])
    expect(log.agentsAtRestart.every((agents) => agents === 0)).toBe(true)
    for (const { variant, paths, evidence } of ofType(events, 'round')) {
      const own = ['near', 'far', 'other'].map((name) => `${name}@${variant}`)
      expect(paths.map(({ path }) => path).toSorted()).toEqual(own.toSorted())
      expect(evidence.map(({ path, verdict }) => [path, verdict])).toEqual(
        own.map((name) => [name, 'proven']),
      )
    }
    const perVariant = (name: string) => ofType(events, 'round').filter(({ variant }) => variant === name)
    expect(variants.map((name) => perVariant(name).length)).toEqual([8, 8])
    expect(ofType(events, 'restart').every(({ variant, facts }) => facts?.['version'] === variant)).toBe(true)
    const tried = ofType(events, 'unreachable').map(({ path }) => path)
    expect(tried.toSorted()).toEqual(['nowhere@new', 'nowhere@old'])
  })

  test('have the same shuffles in one restart, so that they differ in nothing else', async () => {
    const { options, events, log } = smallRun({ rounds }, { variants })
    await measure(options)
    expect(new Set(log.restartSeeds).size).toBe(4)
    const orderOf = (variant: string) =>
      ofType(events, 'round')
        .filter((round) => round.variant === variant)
        .map(({ restart, round, generators }) =>
          [restart, round, generators.map(({ client }) => client)].join(),
        )
        .toSorted()
    expect(orderOf('old')).toEqual(orderOf('new'))
  })

  test('may take different paths: that is told, kept and no failure', async () => {
    const fake = { variants, podName: misled }
    const { options, events, notes } = smallRun({ rounds, verify: 'warn' }, fake)
    const { status } = await measure(options)
    expect(['complete', 'void']).toContain(status)
    const told = notes.filter((note) => note.startsWith('path not as expected'))
    expect(told.map((note) => note.split(': ')[1])).toEqual(['far@old'])
    const deviating = ofType(events, 'round').filter(({ variant }) => variant === 'old')
    for (const { evidence, flags } of deviating) {
      expect(evidence.find(({ path }) => path === 'far@old')?.verdict).toBe('mismatch')
      expect(flags).not.toContain('path-not-proven')
    }
  })

  test('fail where no version takes the path that it must take', async () => {
    const podName = (workload: string) => (workload === 'server-two-n1-plain' ? 'somebody-else' : workload)
    const { options } = smallRun(
      { rounds: { ...rounds, restarts: 1 }, verify: 'warn' },
      { variants, podName },
    )
    expect(await measure(options)).toMatchObject({
      status: 'path-mismatch',
      reason: expect.stringMatching(/^far@(old|new): /) as string,
    })
  })

  test('end at once under --verify strict', async () => {
    const { options, events } = smallRun({ rounds }, { variants, podName: misled })
    await expect(measure(options)).rejects.toThrow(PathMismatchError)
    expect(ofType(events, 'round').every(({ variant }) => variant === 'new')).toBe(true)
  })

  test('go on after an interruption with the restarts that lack a variant', async () => {
    const first = smallRun({ rounds }, { variants })
    const stop = new AbortController()
    const record = (event: JournalEvent) => {
      first.events.push(event)
      const starts = ofType(first.events, 'restart')
      if (event.type === 'round' && starts.length === 4) stop.abort(new Error('stopped'))
      return Promise.resolve()
    }
    await expect(measure({ ...first.options, record, signal: stop.signal })).rejects.toThrow('stopped')
    const measured = ofType(first.events, 'round').map((round) => ({
      ...round,
      componentCpuMs: [],
      turns: undefined,
    }))
    const header = {
      rounds,
      variants: variants.map((name) => ({ name, settings: {} })),
      switched: true as const,
    }
    const rest = restOfRun({ ...header, measured, builds: ofType(first.events, 'build') })
    expect(rest).toEqual([{ build: 2, restarts: [2, 3, 4] }])
    const second = smallRun({ rounds, builds: rest }, { variants })
    await measure(second.options)
    const orders = (events: readonly JournalEvent[], at: number) =>
      ofType(events, 'restart').flatMap(({ restart, variant }) => (restart === at ? [variant] : []))
    // The second of the run is the first of the new build, and keeps its order.
    expect(orders(second.events, 1)).toEqual(orders(first.events, 2))
  })
})
