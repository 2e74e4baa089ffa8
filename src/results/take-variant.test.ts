import { describe, expect, test } from 'vitest'
import { checkResult } from './check-result.ts'
import { digestJournal } from './digest.ts'
import type { JournalEvent, RunResult } from './schema.ts'
import { takeVariant } from './take-variant.ts'
import { sampleEvents, samplePaths } from './testing/sample-run.ts'
import { sampleVariants, sideBySide } from './testing/sample-variants.ts'

async function* each(events: readonly JournalEvent[]): AsyncGenerator<JournalEvent> {
  yield* events
}

const plain = sampleEvents({ rounds: 2, requests: 30 })

async function sample(change: (event: JournalEvent) => JournalEvent = (event) => event): Promise<RunResult> {
  return await digestJournal(each(sideBySide(plain).map(change)))
}

describe('a variant taken out of a run', () => {
  test('is a run of its own, with the paths of the scenario and the engine of the variant', async () => {
    const run = takeVariant(await sample(), 'pr')
    expect(run.paths).toEqual(samplePaths)
    expect(run.variants).toBeUndefined()
    expect(run.builds[0]).toMatchObject({ engine: sampleVariants[1]!.engine })
    expect(run.builds[0]).not.toHaveProperty('variants')
    expect(() => checkResult(run)).not.toThrow()
  })

  test('says nothing of variants any more', async () => {
    const { variants: _, ...run } = await sample((event) =>
      event.type === 'round'
        ? { ...event, throttled: event.componentCpu.map(({ component }) => ({ component, throttledMs: 1 })) }
        : event,
    )
    expect(JSON.stringify(run)).toContain('"variant"')
    const taken = takeVariant({ ...run, variants: _! }, 'base')
    expect(JSON.stringify(taken)).not.toMatch(/variant|@base|@pr|scenarioPath/)
    expect(taken.measured[0]?.throttled).toHaveLength(taken.components.length)
  })

  test('has the numbers that its paths had', async () => {
    const run = await sample()
    const taken = takeVariant(run, 'pr')
    for (const [i, round] of run.measured.entries()) {
      const own = round.paths.filter(({ path }) => path.endsWith('@pr'))
      expect(taken.measured[i]?.paths).toEqual(own.map((p) => ({ ...p, path: p.path.replace('@pr', '') })))
      expect(taken.measured[i]?.evidence).toHaveLength(samplePaths.length)
    }
    const single = run.histograms.find(({ path }) => path === 'single@pr')
    expect(taken.histograms.find(({ path }) => path === 'single')).toEqual({ ...single, path: 'single' })
  })

  test('is charged for what it shared by its share of the requests, and for its own in full', async () => {
    const run = await sample((event) => {
      if (event.type !== 'round') return event
      // One path of the other variant had three times as many requests as all together.
      const paths = event.paths.map((p) =>
        p.path === 'single@base' ? { ...p, sent: 310, received: 310 } : p,
      )
      const turn = { client: 'c', load: 'pingpong', paths: paths.map(({ path }) => path) }
      const { componentCpu } = event
      return { ...event, paths, turns: [{ ...turn, generatorCpuMs: 60, componentCpu }] }
    })
    const share = (5 * 31) / (310 + 9 * 31)
    const [round] = takeVariant(run, 'pr').measured
    const [turn] = round?.turns ?? []
    expect(turn?.paths).toEqual(samplePaths.map(({ name }) => name))
    expect(turn?.generatorCpuMs).toBeCloseTo(60 * share, 9)
    for (const [i, component] of takeVariant(run, 'pr').components.entries()) {
      const isShared = component.kind === 'client-pod' || component.kind === 'server-pod'
      const key = ({ kind, cluster, node }: typeof component) => `${kind} ${cluster} ${node}`
      const place = run.components.findIndex(
        (c) => key(c) === key(component) && (c.variant === 'pr' || c.variant === undefined),
      )
      const all = run.measured[0]!.componentCpuMs[place]!
      expect(turn?.componentCpuMs[i]).toBeCloseTo(isShared ? all * share : all, 9)
      expect(round?.componentCpuMs[i]).toBeCloseTo(isShared ? all * share : all, 9)
    }
  })

  test.each([1, 2])('has the generators of its own turns, %i pods each', async (pods) => {
    const run = await sample((event) => {
      if (event.type !== 'round') return event
      const { componentCpu } = event
      const turns = event.paths.map(({ path }) => ({
        ...{ client: 'c', load: 'pingpong', paths: [path], generatorCpuMs: 1, componentCpu },
      }))
      // Each pod tells by its time which path it served, and which pod it is.
      const generators = turns.flatMap(({ client, load }, i) =>
        Array.from({ length: pods }, (_, pod) => ({
          ...event.generators[0]!,
          ...{ client, load, wallMs: 100 * i + pod },
        })),
      )
      return { ...event, turns, generators }
    })
    for (const variant of ['base', 'pr']) {
      const places = run.measured[0]!.paths.flatMap(({ path }, i) =>
        path.endsWith(`@${variant}`) ? [i] : [],
      )
      const [round] = takeVariant(run, variant).measured
      expect(round?.turns?.map(({ paths }) => paths)).toEqual(samplePaths.map(({ name }) => [name]))
      expect(round?.generators.map(({ wallMs }) => wallMs)).toEqual(
        places.flatMap((i) => Array.from({ length: pods }, (_, pod) => 100 * i + pod)),
      )
    }
  })

  test('keeps all generators where it is not known which turns they had', async () => {
    const run = await sample()
    expect(run.measured[0]?.turns).toBeUndefined()
    expect(takeVariant(run, 'pr').measured[0]?.generators).toEqual(run.measured[0]?.generators)
  })

  test('is one that the run has', async () => {
    const run = await sample()
    expect(() => takeVariant(run, 'other')).toThrow('has no variant "other"; it has base, pr')
    expect(() => takeVariant(takeVariant(run, 'pr'), 'pr')).toThrow('has no variant "pr"; it has none')
  })
})
