import { digestJournal } from '../../results/digest.ts'
import type { JournalEvent, RunResult } from '../../results/schema.ts'
import { sampleBuild, sampleEnd, sampleHeader, sampleRound } from '../../results/testing/sample-run.ts'
import { seededRandom } from '../../random.ts'

export interface MadeRun {
  readonly id: string
  readonly builds?: number
  readonly rounds?: number
  /** Added to every quantile of a path, ns. */
  readonly shiftNs?: Readonly<Record<string, number>>
  /** Added to every quantile of every path: what another host or another day does. */
  readonly hostShiftNs?: number
  readonly seed?: number
  readonly change?: (result: RunResult) => RunResult
}

/** A digested ladder run whose medians are known: 60 µs a component, plus shifts, plus a little seeded noise. */
export async function madeRun({
  builds = 1,
  rounds = 8,
  shiftNs = {},
  hostShiftNs = 0,
  seed = 1,
  ...rest
}: MadeRun): Promise<RunResult> {
  const random = seededRandom(seed)
  const counts = { count: rounds, durationMs: 1000, warmupMs: 500, builds }
  const events: JournalEvent[] = [sampleHeader({ id: rest.id, rounds: counts })]
  for (let build = 1; build <= builds; build++) {
    events.push(sampleBuild(build))
    for (let round = 1; round <= rounds; round++) {
      const event = sampleRound({ build, round, requests: 1000 })
      const weather = 20_000 * random()
      const paths = event.paths.map((path) => {
        const hops = event.evidence.find((e) => e.path === path.path)?.observed.length ?? 0
        const p50 = 60_000 * hops + (shiftNs[path.path] ?? 0) + hostShiftNs + weather + 400 * (random() - 0.5)
        const quantilesNs = {
          p50,
          p90: 1.3 * p50,
          p99: 2 * p50,
          p999: 3 * p50,
          min: 0.8 * p50,
          max: 4 * p50,
          mean: p50,
        }
        return { ...path, quantilesNs }
      })
      events.push({ ...event, paths })
    }
  }
  events.push(sampleEnd)
  const result = await digestJournal(inOrder(events))
  return rest.change ? rest.change(result) : result
}

async function* inOrder(events: readonly JournalEvent[]): AsyncGenerator<JournalEvent> {
  yield* events
}
