import { between, cluster, path, planOf } from '../../backends/lab/testing/scenario.ts'
import { planScenario, type Plan } from '../../plan/plan-scenario.ts'
import type { JournalEvent } from '../../results/schema.ts'
import type { RoundPlan } from '../../scenario/types.ts'
import { expandLoads } from '../../load/profiles.ts'
import type { MeasureOptions } from '../options.ts'
import { wholeRun } from '../resume.ts'
import type { FakeOptions } from './fake-backend.ts'
import { fakeBackend } from './fake-backend.ts'

const pingpong = { profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 } as const

/** Two clients outside the mesh: one with two paths, one with one. And a path into a network without a gateway. */
export function smallPlan(variants: readonly string[] = []): Plan {
  const clusters = [cluster(1, 'one', { nodes: 3 }), cluster(2, 'two', { nodes: 1 })]
  const { scenario } = planOf({ clusters, routes: between('one', 'two') }, [
    path('near', 'one/1', 'one/2', 'none'),
    path('far', 'one/1', 'two/1', 'none'),
    path('other', 'one/2', 'one/3', 'none'),
    path('nowhere', 'one/1', 'two/1', 'ambient'),
  ])
  return planScenario(
    scenario,
    variants.map((name) => ({ name })),
    variants.length > 0,
  )
}

export const fewRounds: RoundPlan = { count: 2, durationMs: 120, warmupMs: 0, builds: 1, restarts: 3 }

/** What `measure` takes, against loopback; what it records and says is kept. */
export function smallRun(change: Partial<MeasureOptions> = {}, fake: FakeOptions = {}) {
  const { rounds = fewRounds } = change
  const plan = smallPlan(fake.variants)
  const events: JournalEvent[] = []
  const notes: string[] = []
  const { backend, log } = fakeBackend(fake)
  const options: MeasureOptions = {
    backend,
    plan,
    paths: plan.paths.filter(({ rule }) => rule.possible),
    loads: expandLoads([pingpong]),
    switched: fake.variants !== undefined,
    rounds,
    builds: wholeRun(rounds),
    before: [],
    halves: true,
    seed: 7,
    verify: 'strict',
    reporter: { step() {}, proven() {}, round() {}, note: (_, message) => void notes.push(message) },
    signal: new AbortController().signal,
    record: (event) => Promise.resolve(void events.push(event)),
    ...change,
  }
  return { options, events, notes, log }
}

/** Events of one type, in order. */
export function ofType<T extends JournalEvent['type']>(
  events: readonly JournalEvent[],
  type: T,
): Extract<JournalEvent, { type: T }>[] {
  return events.filter((event): event is Extract<JournalEvent, { type: T }> => event.type === type)
}
