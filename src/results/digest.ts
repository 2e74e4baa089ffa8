import { ResultError } from '../errors.ts'
import { decodeCounts } from './histogram-decode.ts'
import { HistogramSum } from './histogram.ts'
import { limits, tooMany } from './limits.ts'
import { roundName } from './round-name.ts'
import type {
  EndEvent,
  EvidenceDigest,
  JournalEvent,
  PathEvidence,
  RoundEvent,
  RunHeader,
  RunResult,
} from './schema.ts'

/** What `reason` says of a journal that has no last line. */
export const endedAbruptly = 'the journal has no end: hopmeter was killed, or could not write any more'

type WithoutType<E> = Omit<E, 'type'>
type Component = RunResult['components'][number]

/**
 * Digests the events of a journal, in order, into what `result.json` holds. Memory does not grow with the number of
 * requests or, apart from quantiles and counters, with the number of rounds. A journal without an `end` event gives
 * the status `interrupted`.
 * @throws ResultError when a histogram is damaged or holds another number of requests than its round says.
 */
export async function digestJournal(events: AsyncIterable<JournalEvent>): Promise<RunResult> {
  let header: RunHeader | undefined
  let end: WithoutType<EndEvent> | undefined
  let lastAt = ''
  const lists: Pick<RunResult, 'builds' | 'proofs' | 'restarts' | 'measured' | 'unreachable' | 'notes'> = {
    builds: [],
    proofs: [],
    restarts: [],
    measured: [],
    unreachable: [],
    notes: [],
  }
  const components = new ComponentList()
  /** Rows of CPU times, each as long as there are components. */
  let cpuTimes = 0
  const histograms = new RunHistograms()
  const evidence = new EvidenceTally()
  for await (const event of events) {
    lastAt = event.type === 'run' ? event.startedAt : event.at
    switch (event.type) {
      case 'run':
        header = event
        break
      case 'build':
        lists.builds.push(untyped(event))
        break
      case 'proof':
        lists.proofs.push(untyped(event))
        break
      case 'restart':
        lists.restarts.push(untyped(event))
        break
      case 'round':
        histograms.add(event)
        cpuTimes += 1 + (event.turns?.length ?? 0)
        evidence.add(event)
        lists.measured.push(roundDigestOf(event, components))
        if (components.all.length > limits['components per run'])
          throw new ResultError(tooMany('components per run'))
        if (components.all.length * cpuTimes > limits['CPU times per file'])
          throw new ResultError(tooMany('CPU times per file'))
        break
      case 'unreachable':
        lists.unreachable.push(untyped(event))
        break
      case 'note':
        lists.notes.push(untyped(event))
        break
      case 'end':
        end = untyped(event)
        break
    }
  }
  if (!header) throw new ResultError('a journal starts with its header')
  const { at: endedAt, ...outcome } = end ?? { at: lastAt, status: 'interrupted', reason: endedAbruptly }
  return {
    ...untyped(header),
    endedAt,
    ...outcome,
    ...lists,
    components: components.all,
    // A component that appeared late is missing from earlier rounds.
    measured: lists.measured.map((round) => padRound(round, components)),
    evidence: evidence.all(),
    histograms: histograms.all(),
  }
}

function untyped<E extends { type: string }>(event: E): WithoutType<E> {
  const { type: _, ...rest } = event
  return rest
}

function roundDigestOf(event: RoundEvent, components: ComponentList): RunResult['measured'][number] {
  const { paths, evidence, componentCpu, turns, ...round } = untyped(event)
  return {
    ...round,
    paths: paths.map(({ warm: _warm, cold: _cold, extra: _extra, ...counts }) => counts),
    evidence: evidence.map(({ path, verdict }) => ({ path, verdict })),
    componentCpuMs: components.inOrder(componentCpu),
    ...(turns === undefined
      ? {}
      : {
          turns: turns.map(({ componentCpu: ofTurn, ...turn }) => ({
            ...turn,
            componentCpuMs: components.inOrder(ofTurn),
          })),
        }),
  }
}

function padRound(
  round: RunResult['measured'][number],
  components: ComponentList,
): RunResult['measured'][number] {
  const componentCpuMs = components.padded(round.componentCpuMs)
  if (round.turns === undefined) return { ...round, componentCpuMs }
  const turns = round.turns.map((turn) => ({
    ...turn,
    componentCpuMs: components.padded(turn.componentCpuMs),
  }))
  return { ...round, componentCpuMs, turns }
}

/** Components in the order of their first appearance, so that each round needs to keep numbers only. */
class ComponentList {
  readonly all: Component[] = []
  readonly #places = new Map<string, number>()

  inOrder(usage: RoundEvent['componentCpu']): (number | null)[] {
    const places = usage.map(({ component }) => this.#placeOf(component))
    const ordered = this.padded([])
    usage.forEach(({ cpuMs }, i) => {
      const place = places[i]!
      ordered[place] = (ordered[place] ?? 0) + cpuMs
    })
    return ordered
  }

  padded(usage: readonly (number | null)[]): (number | null)[] {
    return this.all.map((_, i) => usage[i] ?? null)
  }

  #placeOf(component: Component): number {
    const { kind, cluster, node = null, variant = null } = component
    const key = JSON.stringify([kind, cluster, node, variant])
    const place = this.#places.get(key) ?? this.all.push(component) - 1
    this.#places.set(key, place)
    return place
  }
}

/** Histograms of each path and load, added up over rounds. */
class RunHistograms {
  readonly #sums = new Map<string, PathSums>()
  #buckets = 0

  add(round: RoundEvent): void {
    for (const { path, load, n, warm, cold, extra } of round.paths) {
      const key = JSON.stringify([path, load])
      const sums = this.#sums.get(key) ?? newPathSums(path, load)
      this.#sums.set(key, sums)
      try {
        const counts = decodeCounts(warm)
        const values = counts.counts.reduce((sum, [, count]) => sum + count, 0)
        if (values !== n) throw new ResultError(`${values} values where the round says ${n}`)
        this.#add(sums.warm, counts)
        if (round.flags.length === 0) this.#add(sums.warmValid, counts)
        this.#add(sums.cold, decodeCounts(cold))
        for (const [name, encoded] of Object.entries(extra)) {
          const sum = sums.extra.get(name) ?? new HistogramSum()
          sums.extra.set(name, sum)
          this.#add(sum, decodeCounts(encoded))
        }
        if (sums.extra.size > limits['histograms per sample']) {
          throw new ResultError(tooMany('histograms per sample'))
        }
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        const place = `${roundName(round)}, path "${path}", load "${load}"`
        throw new ResultError(`histograms of ${place}: ${reason}`, { cause: error })
      }
    }
  }

  #add(sum: HistogramSum, counts: ReturnType<typeof decodeCounts>): void {
    const before = sum.buckets
    sum.add(counts)
    this.#buckets += sum.buckets - before
    if (this.#buckets > limits['buckets per file']) throw new ResultError(tooMany('buckets per file'))
  }

  all(): RunResult['histograms'] {
    return [...this.#sums.values()].map(({ path, load, warm, warmValid, cold, extra }) => ({
      path,
      load,
      warm: warm.encode(),
      warmValid: warmValid.encode(),
      cold: cold.encode(),
      extra: Object.fromEntries([...extra].map(([name, sum]) => [name, sum.encode()])),
    }))
  }
}

interface PathSums {
  readonly path: string
  readonly load: string
  readonly warm: HistogramSum
  readonly warmValid: HistogramSum
  readonly cold: HistogramSum
  readonly extra: Map<string, HistogramSum>
}

function newPathSums(path: string, load: string): PathSums {
  const [warm, warmValid, cold] = [new HistogramSum(), new HistogramSum(), new HistogramSum()]
  return { path, load, warm, warmValid, cold, extra: new Map() }
}

const severity = { proven: 0, unproven: 1, mismatch: 2 } as const satisfies Record<
  PathEvidence['verdict'],
  number
>

/** Verdicts of each build and path, counted. */
class EvidenceTally {
  readonly #digests = new Map<string, EvidenceDigest>()

  add({ build, restart, round, evidence }: RoundEvent): void {
    const at = { sampleRound: round, ...(restart === undefined ? {} : { sampleRestart: restart }) }
    for (const seen of evidence) {
      const key = JSON.stringify([build, seen.path])
      const digest = this.#digests.get(key) ?? {
        build,
        path: seen.path,
        proven: 0,
        mismatch: 0,
        unproven: 0,
        sample: seen,
        ...at,
      }
      this.#digests.set(key, digest)
      digest[seen.verdict] += 1
      if (severity[seen.verdict] > severity[digest.sample.verdict]) {
        Object.assign(digest, { sample: seen, ...at })
      }
    }
  }

  all(): EvidenceDigest[] {
    return [...this.#digests.values()]
  }
}
