import { subBucketsOf, valueAt } from './histogram-counts.ts'
import { decodeCounts } from './histogram-decode.ts'
import type {
  BuildEvent,
  PathRound,
  QuantilesNs,
  RecordedComponent,
  RoundDigest,
  RunHeader,
} from './schema.ts'
import { roundName } from './round-name.ts'
import { VariantRules } from './variant-rules.ts'

/** What the format cannot say of one field: numbers of a file that contradict each other prove that it is wrong. */

/** Rounding of quantiles to a tenth, and of their interpolation. */
const toleranceNs = 1

type Counts = Omit<PathRound, 'warm' | 'cold' | 'extra'>
type Header = Pick<RunHeader, 'paths' | 'loads' | 'variants' | 'switched'>
type Round = Pick<RoundDigest, 'build' | 'restart' | 'round' | 'variant'> & {
  readonly paths: readonly Counts[]
  readonly evidence: readonly { readonly path: string }[]
}

/** Checks what the header of a run says, and then every round against it and against the rounds before. */
export class RunRules {
  readonly #paths: ReadonlySet<string>
  readonly #loads: ReadonlySet<string>
  readonly #rounds = new Set<string>()
  readonly #variants: VariantRules

  /** @throws Error when the header contradicts itself. */
  constructor(header: Header) {
    const { paths, loads } = header
    this.#paths = uniqueNames(
      'path',
      paths.map((path) => path.name),
    )
    this.#loads = uniqueNames(
      'load',
      loads.map((load) => load.id),
    )
    for (const { name, hops, expected, controlOf } of paths) {
      if (hops !== null && hops !== expected.length) {
        throw new Error(`path "${name}" has ${hops} hops and ${expected.length} expected components`)
      }
      if (controlOf !== undefined) this.#requirePath(controlOf)
    }
    this.#variants = new VariantRules(header)
  }

  /** @throws Error when the testbed stood with other variants than the header has. */
  build(build: Pick<BuildEvent, 'build' | 'engine' | 'variants'>): void {
    this.#variants.build(build)
  }

  /** @throws Error when a component whose CPU time was taken is of a variant that the header does not have. */
  components(components: readonly RecordedComponent[]): void {
    for (const component of components) this.#variants.component(component)
  }

  /** @throws Error when the round contradicts itself, the header, or a round before it. */
  round({ build, restart = 1, round, variant, paths, evidence }: Round): void {
    const key = roundName({ build, restart, round, variant })
    if (this.#rounds.has(key)) throw new Error(`${key} is there twice`)
    this.#rounds.add(key)
    uniqueNames(
      'path',
      paths.map(({ path, load }) => `${path}" under load "${load}`),
    )
    this.#variants.round({ variant, paths, evidence })
    for (const sample of paths) {
      this.#requirePath(sample.path)
      if (!this.#loads.has(sample.load)) throw new Error(`the run has no load "${sample.load}"`)
      checkCounts(sample)
    }
    uniqueNames(
      'evidence of path',
      evidence.map(({ path }) => path),
    )
    for (const { path } of evidence) this.#requirePath(path)
  }

  /** @throws Error when the run has no such path. */
  event({ path }: { readonly path: string }): void {
    this.#requirePath(path)
  }

  #requirePath(name: string): void {
    if (!this.#paths.has(name)) throw new Error(`the run has no path "${name}"`)
  }
}

function uniqueNames(what: string, names: readonly string[]): ReadonlySet<string> {
  const unique = new Set<string>()
  for (const name of names) {
    if (unique.has(name)) throw new Error(`${what} "${name}" is there twice`)
    unique.add(name)
  }
  return unique
}

function checkCounts(sample: Counts): void {
  const { path, sent, received, bad, lost, n, quantilesNs } = sample
  if (received + bad > sent) throw new Error(`path "${path}": ${received + bad} answers to ${sent} requests`)
  if (received + bad + lost > sent)
    throw new Error(`path "${path}": more answered and lost than ${sent} sent`)
  if (n > received) throw new Error(`path "${path}": ${n} latencies of ${received} answers`)
  if ((quantilesNs === null) !== (n === 0)) {
    throw new Error(`path "${path}": ${n} latencies, ${n === 0 ? 'and' : 'but no'} quantiles`)
  }
  const [first, second] = sample.halvesNs ?? []
  const all = {
    ...sample.extraQuantilesNs,
    cold: sample.coldQuantilesNs,
    warm: quantilesNs ?? undefined,
    'first half': first ?? undefined,
    'second half': second ?? undefined,
  }
  for (const [name, quantiles] of Object.entries(all)) {
    if (quantiles) checkOrder(`path "${path}", ${name}`, quantiles)
  }
}

function checkOrder(place: string, { min, p50, p90, p99, p999, max, mean }: QuantilesNs): void {
  const rising = [min, p50, p90, p99, p999, max]
  const fallsAt = rising.findIndex((value, i) => i > 0 && value + toleranceNs < rising[i - 1]!)
  if (fallsAt > 0)
    throw new Error(`${place}: quantiles fall from ${rising[fallsAt - 1]} to ${rising[fallsAt]} ns`)
  if (mean + toleranceNs < min || mean > max + toleranceNs) {
    throw new Error(`${place}: a mean of ${mean} ns outside of ${min} to ${max} ns`)
  }
}

/** @throws Error when a sample's numbers are not those of its histograms, or ResultError when one is damaged. */
export function checkHistograms(sample: PathRound): void {
  const { path, n, quantilesNs, coldQuantilesNs, extraQuantilesNs } = sample
  const held = checkWithin(`path "${path}"`, sample.warm, quantilesNs ?? undefined)
  if (held !== n) throw new Error(`path "${path}": ${held} values where the round says ${n}`)
  checkWithin(`path "${path}", cold`, sample.cold, coldQuantilesNs)
  for (const [name, quantiles] of Object.entries(extraQuantilesNs ?? {})) {
    const encoded = Object.hasOwn(sample.extra, name) ? sample.extra[name] : undefined
    if (encoded === undefined) {
      throw new Error(`path "${path}": quantiles of "${name}", of which there is no histogram`)
    }
    checkWithin(`path "${path}", ${name}`, encoded, quantiles)
  }
}

/** Number of values in the histogram, whose quantiles these must be. */
function checkWithin(place: string, encoded: string, quantiles?: QuantilesNs): number {
  const { digits, counts } = decodeCounts(encoded)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  if (!quantiles) return total
  const subBuckets = subBucketsOf(digits)
  const low = (index: number) => valueAt(counts[index]![0], subBuckets)
  const high = (index: number) => valueAt(counts[index]![0] + 1, subBuckets) - 1
  const last = counts.length - 1
  if (last < 0) throw new Error(`${place}: quantiles of an empty histogram`)
  if (quantiles.min + toleranceNs < low(0) || quantiles.max > high(last) + toleranceNs) {
    throw new Error(`${place}: quantiles outside of what its histogram holds, ${low(0)} to ${high(last)} ns`)
  }
  let below = 0
  const median = counts.findIndex(([, count]) => (below += count) * 2 >= total)
  // The bucket of the median, and one to each side for how it is interpolated.
  const slack = 2 * (high(median) - low(median) + toleranceNs)
  if (quantiles.p50 < low(median) - slack || quantiles.p50 > high(median) + slack) {
    const range = `${low(median)} to ${high(median)} ns`
    throw new Error(`${place}: a median of ${quantiles.p50} ns, that of its histogram is ${range}`)
  }
  return total
}
