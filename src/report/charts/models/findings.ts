import { profileOf } from '../../../load/profiles.ts'
import { plural } from '../../../plural.ts'
import { isSimulated } from '../../../results/build-traits.ts'
import type { RunResult } from '../../../results/schema.ts'
import type { RunComparison } from '../../../analysis/compare-runs.ts'
import type { RunSummary, StepSummary } from '../../../analysis/summarize-run.ts'
import type { VariantsBeside } from '../../../analysis/variants-beside.ts'
import { countsOfOthers } from '../../words/variants.ts'
import { verdictCounts } from '../../words/verdict-counts.ts'
import { decimalsFor, formatNumber } from '../quantity.ts'
import type { Distribution } from './distribution.ts'

// What each chart of a run shows, as the sentence above it. A chart claims only what has a verdict or is a plain
// reading of what it draws; else it says what it is about.

/** e.g. `In the lab, 2 ztunnels add 365 µs, an east-west gateway 214 µs, a load balancer 149 µs`. */
export function ladderTitle(result: RunResult, { steps }: RunSummary, load: string): string {
  const own = steps.filter((step) => step.load === load && step.adds.length > 0)
  const clear = own.filter(
    (step) => step.comparison.verdict === 'slower' && step.comparison.difference !== null,
  )
  const parts = clear
    .toSorted((a, b) => (b.comparison.difference ?? 0) - (a.comparison.difference ?? 0))
    .slice(0, 3)
  if (parts.length === 0) return result.scenario.title
  const costs = own
    .filter((step) => parts.includes(step))
    .map(({ adds, comparison }, index) => {
      const verb = index > 0 ? '' : adds.length > 1 || /^\d/.test(adds[0] ?? '') ? 'add ' : 'adds '
      return `${adds.map(withArticle).join(' and ')} ${verb}${spoken(comparison.difference ?? 0)}`
    })
  const extent = parts.length < clear.length ? ', among others' : ''
  // Who crosses to another network also pays for the way there, and the difference holds both.
  const isDelayed = result.builds.some(({ delayMethod }) => delayMethod !== 'none')
  const crosses = parts.some(({ adds }) => adds.some((name) => /gateway|load balancer/.test(name)))
  const way = isDelayed && crosses ? ', delay between networks included' : ''
  return inTheLab(result, `${costs.join(', ')}${perConnection(result, load)}${extent}${way}`)
}

/** How many steps have a verdict, and whether each is clear of what its paths differ from themselves by. */
export function deltaTitle({ steps }: RunSummary, load: string): string {
  const own = steps.filter((step) => step.load === load)
  if (own.length === 0) return 'Which differences between paths are real?'
  const clear = own.filter(isClear).length
  const share = clear === own.length ? (clear === 1 ? 'The' : `All ${clear}`) : `${clear} of ${own.length}`
  const are = clear === 1 ? 'is' : 'are'
  const found = `${share} ${own.length === 1 ? 'step' : 'steps'} between paths ${are} clear of zero`
  const doubtful = own.filter((step) => isClear(step) && step.withinFloorNs !== null).length
  return doubtful === 0 ? found : `${found}; ${doubtful} not of the noise floor`
}

/** The tail at a hundredth, slowest and fastest path. */
export function percentilesTitle(distributions: readonly Distribution[]): string {
  const tails = distributions.flatMap(({ path, points }) => {
    const p99 = points.find((point) => point.quantile === 0.99)
    return p99 ? [{ path, ns: p99.ns }] : []
  })
  const ends = extremes(tails)
  if (!ends) return 'How long do the slowest requests take?'
  const { slowest, fastest } = ends
  return `1 request in 100 takes longer than ${spoken(slowest.ns)} on ${slowest.path}${fastest ? `, ${spoken(fastest.ns)} on ${fastest.path}` : ''}`
}

/** The median, fastest and slowest path. */
export function ecdfTitle(distributions: readonly Distribution[]): string {
  const middles = distributions.flatMap(({ path, points }) => {
    const p50 = points.find((point) => point.quantile === 0.5)
    return p50 ? [{ path, ns: p50.ns }] : []
  })
  const ends = extremes(middles)
  if (!ends) return 'What share of requests is answered in time?'
  const { slowest, fastest } = ends
  const first = fastest ? `${spoken(fastest.ns)} on ${fastest.path}, ` : ''
  return `Half of the requests are answered within ${first}${spoken(slowest.ns)} on ${slowest.path}`
}

/** In how many rounds each path with more components was slower than every path with fewer. */
export function roundsTitle(result: RunResult, load: string): string {
  const paths = result.paths.filter((path) => path.hops !== null && path.controlOf === undefined)
  const levels = [...new Set(paths.map((path) => path.hops ?? 0))].toSorted((a, b) => a - b)
  const complete = result.measured.flatMap((round) => {
    const values = paths.map(({ name, hops }) => ({
      hops,
      ns: round.paths.find((p) => p.path === name && p.load === load)?.quantilesNs?.p50,
    }))
    return values.every(({ ns }) => ns !== undefined) ? [values] : []
  })
  if (levels.length < 2 || complete.length < 2) return 'Every round in time order: do noise or drift show?'
  const ordered = complete.filter((values) =>
    levels.slice(1).every((level, index) => {
      const at = (hops: number) => values.flatMap((v) => (v.hops === hops ? [v.ns ?? 0] : []))
      return Math.max(...at(levels[index] ?? 0)) < Math.min(...at(level))
    }),
  )
  return `More components took longer in ${ordered.length} of ${plural(complete.length, 'round')}`
}

/** What opening a connection adds, over the paths. */
export function newConnectionTitle(result: RunResult, addedNs: readonly number[]): string {
  if (addedNs.length === 0) return 'What does a new connection cost?'
  const [low, high] = [Math.min(...addedNs), Math.max(...addedNs)]
  const range = spoken(low) === spoken(high) ? spoken(low) : `${spoken(low)} to ${spoken(high)}`
  return inTheLab(result, `a new connection adds ${range} to a request`)
}

/** e.g. `hop-ladder: 4 clusters in 3 networks, paths of 2 to 6 components`. */
export function topologyTitle(result: RunResult, clusters: readonly { readonly network: string }[]): string {
  const networks = new Set(clusters.map((cluster) => cluster.network)).size
  const hops = result.paths.flatMap((path) => (path.hops === null ? [] : [path.hops]))
  const [low, high] = [Math.min(...hops), Math.max(...hops)]
  const paths =
    hops.length === 0 ? 'no path' : `paths of ${low === high ? low : `${low} to ${high}`} components`
  return `${result.scenario.name}: ${plural(clusters.length, 'cluster')} in ${plural(networks, 'network')}, ${paths}`
}

/** e.g. `istio 1.31.0 against 1.30.1: 2 slower, 13 cannot be told apart`. */
export function comparisonTitle({ baseline, contender, rows }: RunComparison): string {
  return `${contender} against ${baseline}: ${verdictCounts(rows.map(({ comparison }) => comparison))}`
}

/**
 * e.g. `pr against base at p50: 2 slower, 2 the same`, or `Against base at p50: a 2 slower; b 2 the same`. Of versions that
 * stood in turn only steps, e.g. `pr against base, steps at p50: 4 the same`.
 */
export function variantTitle(beside: VariantsBeside, load: string): string {
  const others = countsOfOthers(beside, load).map(({ name, counts, ofSteps }) => ({
    name,
    counts: ofSteps ?? counts,
  }))
  const what = beside.steps.some((step) => step.load === load) ? ', steps at p50' : ' at p50'
  const [only] = others
  if (only && others.length === 1) return `${only.name} against ${beside.baseline}${what}: ${only.counts}`
  return `Against ${beside.baseline}${what}: ${others.map(({ name, counts }) => `${name} ${counts}`).join('; ')}`
}

/** Nanoseconds as a reader says them: `365 µs`, `2.43 ms`. */
export function spoken(ns: number): string {
  const [value, symbol] =
    Math.abs(ns) < 1e6 ? [ns / 1e3, 'µs'] : Math.abs(ns) < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's']
  return `${formatNumber(value, decimalsFor(Math.abs(value)))} ${symbol}`
}

function extremes(values: readonly { readonly path: string; readonly ns: number }[]) {
  const [fastest, ...others] = values.toSorted((a, b) => a.ns - b.ns)
  const slowest = others.at(-1)
  if (!fastest) return undefined
  return slowest ? { slowest, fastest } : { slowest: fastest, fastest: undefined }
}

function isClear({ comparison: { verdict } }: StepSummary): boolean {
  return verdict === 'slower' || verdict === 'faster'
}

function inTheLab(result: RunResult, sentence: string): string {
  return isSimulated(result)
    ? `In the lab, ${sentence}`
    : sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

function perConnection(result: RunResult, load: string): string {
  const profile = result.loads.find((one) => one.id === load)?.profile
  return profile !== undefined && profileOf(profile).connectsEachTime ? ' on a new connection' : ''
}

function withArticle(component: string): string {
  if (/^\d/.test(component)) return component
  return `${/^[aeiou]/.test(component) ? 'an' : 'a'} ${component}`
}
