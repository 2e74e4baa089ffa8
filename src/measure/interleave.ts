import type { PathSample, Target } from '../agent/protocol.ts'
import type { DriverLoad } from '../agent/drivers/drivers.ts'
import { HopmeterError } from '../errors.ts'
import { plural } from '../plural.ts'
import { histogramQuantiles } from '../results/histogram.ts'
import type { QuantilesNs } from '../results/schema.ts'
import { seededRandom } from '../random.ts'
import { AgentClient } from './agent-client.ts'
import { localAgentCommand } from './local-agent.ts'

/** One target in one round. */
export interface InterleavedRound {
  readonly sample: PathSample
  /** Of the warm requests, ns; null when there were none. */
  readonly quantilesNs: QuantilesNs | null
  /** Of the first requests of connections, ns; null when there were none. */
  readonly coldQuantilesNs: QuantilesNs | null
  /** Of the further histograms of the profile (`response`, `connect`, …), ns. */
  readonly extraQuantilesNs: Readonly<Record<string, QuantilesNs>>
}

export interface InterleaveOptions {
  readonly load: DriverLoad
  readonly targets: readonly Target[]
  readonly rounds: number
  readonly roundMs: number
  readonly warmupMs: number
  readonly seed: number
  readonly timeoutMs: number
  /** Answers must come from our echo server (`echo`) or only be a success (`status`). */
  readonly check: 'echo' | 'status'
  /** What a target is called in messages, by its path name; that name unless given. */
  readonly labels?: ReadonlyMap<string, string> | undefined
  readonly signal: AbortSignal
  readonly onRound?: ((done: number, total: number) => void) | undefined
}

/**
 * Measures targets from this host, interleaved, without a testbed: rounds by target name.
 * @throws HopmeterError when the agent fails or a target never answered; the reason of the signal when aborted.
 */
export async function interleave(
  options: InterleaveOptions,
): Promise<ReadonlyMap<string, readonly InterleavedRound[]>> {
  const { load, targets, rounds, signal } = options
  const random = seededRandom(options.seed)
  const found = new Map<string, InterleavedRound[]>(targets.map((target) => [target.path, []]))
  const { timeoutMs, check } = options
  const settings = { load, timeoutMs, check }
  const agent = await AgentClient.open(localAgentCommand('load'), settings, targets, { signal })
  const stop = () => agent.kill()
  signal.addEventListener('abort', stop, { once: true })
  const turn = (durationMs: number) => agent.turn(Math.floor(random() * 4_294_967_296), durationMs)
  try {
    const requireAnswers = (samples: readonly PathSample[]) => checkAnswers(samples, options.labels)
    if (options.warmupMs > 0) requireAnswers((await turn(options.warmupMs)).samples)
    for (let round = 1; round <= rounds; round++) {
      signal.throwIfAborted()
      const { samples } = await turn(options.roundMs)
      // Without a warm-up it is the first round that shows who is not there.
      if (round === 1 && options.warmupMs === 0)
        requireAnswers(samples.filter((s) => s.errors > 0 && s.errors === s.sent))
      for (const sample of samples) {
        const { quantilesNs } = histogramQuantiles(sample.warm)
        const { quantilesNs: coldQuantilesNs } = histogramQuantiles(sample.cold)
        const extraQuantilesNs = Object.fromEntries(
          Object.entries(sample.extra).flatMap(([metric, histogram]) => {
            const quantiles = histogramQuantiles(histogram).quantilesNs
            return quantiles ? [[metric, quantiles]] : []
          }),
        )
        found.get(sample.path)?.push({ sample, quantilesNs, coldQuantilesNs, extraQuantilesNs })
      }
      options.onRound?.(round, rounds)
    }
    requireAnswers([...found.values()].flatMap((of) => lastOfSilent(of)))
    return found
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', stop)
    await agent.close()
  }
}

/** The last sample of a target that gave no right answer in any round. */
function lastOfSilent(rounds: readonly InterleavedRound[]): readonly PathSample[] {
  return rounds.some(({ sample }) => sample.received > 0) ? [] : rounds.slice(-1).map(({ sample }) => sample)
}

/** A dead or refusing target is no measurement; better said before the rounds than after. */
function checkAnswers(samples: readonly PathSample[], labels: ReadonlyMap<string, string> = new Map()): void {
  const dead = samples.filter((sample) => sample.received === 0)
  if (dead.length === 0) return
  const list = dead.map((s) => {
    const bad = `${plural(s.bad, 'response')} ${s.bad === 1 ? 'was' : 'were'} no success`
    return `${labels.get(s.path) ?? s.path}: ${s.firstError ?? (s.bad > 0 ? bad : 'no answer')}`
  })
  throw new HopmeterError(`no usable response from ${list.join('; ')}`, {
    hint: 'check the address with curl',
  })
}
