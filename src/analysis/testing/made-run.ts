import { digestJournal } from '../../results/digest.ts'
import type { JournalEvent, QuantilesNs, RoundEvent, RunHeader, RunResult } from '../../results/schema.ts'
import {
  sampleBuild,
  sampleEnd,
  sampleHeader,
  sampleRestart,
  sampleRound,
} from '../../results/testing/sample-run.ts'
import { oneAfterAnother, sideBySide, type SampleVariant } from '../../results/testing/sample-variants.ts'
import { seededRandom } from '../../random.ts'

export interface MadeRun {
  readonly id: string
  readonly builds?: number
  /** Of each build. */
  readonly restarts?: number
  /** Of each restart. */
  readonly rounds?: number
  /** How much the level of a path moves from start to start, ns. */
  readonly restartNs?: number
  /** Added to every quantile of a path, ns. */
  readonly shiftNs?: Readonly<Record<string, number>>
  /** What every time of every path is multiplied by: another host, or another day. */
  readonly hostSpeed?: number
  readonly seed?: number
  /** Every path once per variant, called `single@base`; by that name `shiftNs` knows it. */
  readonly variants?: readonly SampleVariant[]
  /** One of them stood at a time. */
  readonly isSwitched?: boolean
  readonly change?: (result: RunResult) => RunResult
}

/** A digested ladder run whose medians are known: 60 µs a component, plus shifts, times the weather of each round. */
export async function madeRun({
  builds = 1,
  restarts = 1,
  rounds = 8,
  restartNs = 0,
  shiftNs = {},
  hostSpeed = 1,
  seed = 1,
  variants,
  isSwitched = false,
  ...rest
}: MadeRun): Promise<RunResult> {
  const random = seededRandom(seed)
  const counts = { count: rounds, durationMs: 1000, warmupMs: 500, builds, restarts }
  const inVariants = (event: JournalEvent): JournalEvent[] => {
    if (!variants) return [event]
    return isSwitched ? oneAfterAnother([event], variants) : sideBySide([event], variants)
  }
  const [header] = inVariants(sampleHeader({ id: rest.id, rounds: counts })) as [RunHeader]
  const hopsOf = new Map(header.paths.map(({ name, hops }) => [name, hops ?? 0]))
  const events: JournalEvent[] = [header]
  for (let build = 1; build <= builds; build++) {
    events.push(...inVariants(sampleBuild(build)))
    for (let restart = 1; restart <= restarts; restart++) {
      events.push(...inVariants(sampleRestart({ build, restart })))
      const ofStart = new Map([...hopsOf.keys()].map((name) => [name, restartNs * (random() - 0.5)]))
      for (let round = 1; round <= rounds; round++) {
        const same = inVariants(sampleRound({ build, restart, round, requests: 1000 })) as RoundEvent[]
        const weather = hostSpeed * (1 + 0.2 * random())
        for (const event of same) {
          const paths = event.paths.map((path) => {
            const level =
              60_000 * (hopsOf.get(path.path) ?? 0) +
              (shiftNs[path.path] ?? 0) +
              (ofStart.get(path.path) ?? 0)
            const read = () => quantilesAt(weather * (level + 400 * (random() - 0.5)))
            return { ...path, quantilesNs: read(), halvesNs: [read(), read()] as [QuantilesNs, QuantilesNs] }
          })
          events.push({ ...event, paths })
        }
      }
    }
  }
  events.push(sampleEnd)
  const result = await digestJournal(inOrder(events))
  return rest.change ? rest.change(result) : result
}

function quantilesAt(p50: number): QuantilesNs {
  return { p50, p90: 1.3 * p50, p99: 2 * p50, p999: 3 * p50, min: 0.8 * p50, max: 4 * p50, mean: p50 }
}

async function* inOrder(events: readonly JournalEvent[]): AsyncGenerator<JournalEvent> {
  yield* events
}
