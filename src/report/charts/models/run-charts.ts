import type { RunResult } from '../../../results/schema.ts'
import { parseScenario } from '../../../scenario/load.ts'
import type { Comparison } from '../../../stats/comparison.ts'
import type { PathSummary, RunSummary, StepSummary } from '../../../stats/summarize-run.ts'
import type { ChartSpec } from '../kinds.ts'
import type { LadderPath } from '../ladder.ts'
import type { Measured } from '../quantity.ts'
import { plural, runCaption, runCaptions } from './captions.ts'
import type { Distribution } from './distribution.ts'

export interface ChartedRun {
  readonly result: RunResult
  readonly summary: RunSummary
  readonly distributions: readonly Distribution[]
}

/** Every chart that one run can fill, in the order in which a report shows them. */
export function chartsOfRun(run: ChartedRun): ChartSpec[] {
  const topology = topologySpec(run)
  const perLoad = run.result.loads.flatMap(({ id }) => [
    ladderSpec(run, id),
    deltaSpec(run, id),
    percentilesSpec(run, id),
    ecdfSpec(run, id),
    roundsSpec(run, id),
  ])
  const connections = newVsReusedSpec(run)
  return [...(topology ? [topology] : []), ...perLoad, ...(connections ? [connections] : [])]
}

function ladderSpec({ result, summary }: ChartedRun, load: string): ChartSpec {
  const paths = pathsOf(summary, load).filter((path) => path.controlOf === undefined)
  const missing = result.paths.filter((path) => path.hops === null)
  return {
    kind: 'ladder',
    model: {
      ...runCaptions(result, result.scenario.title, load, intervalsNote(paths.map((p) => p.quantiles.p50))),
      paths: [
        ...paths.map((path) => ladderPath(summary, path)),
        ...missing.map(({ name }) => ({ name, note: noPathNote(summary, name) })),
      ],
    },
  }
}

function ladderPath(summary: RunSummary, path: PathSummary): LadderPath {
  const step = summary.steps.find((s) => s.to === path.path && s.load === path.load)
  const addsNs = step && differenceOf(step.comparison)
  const label = step && step.adds.length > 0 ? step.adds.join(', ') : 'same components'
  return {
    name: path.path,
    hops: path.hops,
    p50Ns: measuredOf(path.quantiles.p50),
    p99Ns: measuredOf(path.quantiles.p99),
    step: addsNs && { addsNs, label },
    note: path.requests === 0 ? 'no request answered' : undefined,
  }
}

function deltaSpec({ result, summary }: ChartedRun, load: string): ChartSpec {
  const row = (group: string) => (step: StepSummary) => ({
    group,
    label: `${step.to} − ${step.from}`,
    differenceNs: differenceOf(step.comparison),
    verdict: step.comparison.verdict,
  })
  const isOwn = (step: StepSummary) => step.load === load
  const band = `Grey band: ±${summary.deltaNs / 1e3} µs, too little to matter.`
  const note = intervalsNote(summary.steps.filter(isOwn).map((step) => step.comparison))
  const captions = runCaptions(result, 'Which differences are real', load, `${note}, paired by round`)
  return {
    kind: 'delta',
    model: {
      ...captions,
      caption: `${band} ${captions.caption}`,
      negligibleNs: summary.deltaNs,
      rows: [
        ...summary.steps.filter(isOwn).map(row('each step, p50')),
        ...summary.controls.filter(isOwn).map(row('the same path twice (A/A), p50')),
      ],
    },
  }
}

function percentilesSpec({ result, distributions }: ChartedRun, load: string): ChartSpec {
  return {
    kind: 'percentiles',
    model: {
      ...runCaptions(result, 'Latency by percentile', load, bandNote(distributions)),
      series: inPathOrder(result, distributions)
        .filter((d) => d.load === load)
        .map(({ path, points }) => ({
          name: path,
          points: points.map(({ quantile, ns }) => ({ quantile, ns: short(ns) })),
          band: points.every((p) => p.lowNs !== undefined)
            ? points.map((p) => ({
                quantile: p.quantile,
                lowNs: short(p.lowNs ?? p.ns),
                highNs: short(p.highNs ?? p.ns),
              }))
            : undefined,
        })),
    },
  }
}

function ecdfSpec({ result, distributions }: ChartedRun, load: string): ChartSpec {
  return {
    kind: 'ecdf',
    model: {
      ...runCaptions(result, 'Share of requests answered in time', load, bandNote(distributions)),
      series: inPathOrder(result, distributions)
        .filter((d) => d.load === load)
        .map(({ path, points }) => ({
          name: path,
          points: points.map((p) => ({
            ns: short(p.ns),
            share: p.quantile,
            low: p.lowShare === undefined ? undefined : short(p.lowShare),
            high: p.highShare === undefined ? undefined : short(p.highShare),
          })),
        })),
    },
  }
}

function roundsSpec({ result }: ChartedRun, load: string): ChartSpec {
  const flagged = result.measured.filter((round) => round.flags.length > 0).length
  const remark = flagged === 0 ? 'none flagged' : `${plural(flagged, 'round')} flagged`
  const captions = runCaptions(result, 'Every round, in time order', load, remark)
  return {
    kind: 'rounds',
    model: {
      ...captions,
      quantity: 'p50',
      rounds: result.measured.map(({ build, flags }) => ({ build, flags })),
      series: result.paths
        .filter((path) => path.hops !== null)
        .map(({ name }) => ({
          name,
          ns: result.measured.map((round) => {
            const own = round.paths.find((p) => p.path === name && p.load === load)
            return own?.quantilesNs ? short(own.quantilesNs.p50) : undefined
          }),
        })),
    },
  }
}

function newVsReusedSpec({ result, summary }: ChartedRun): ChartSpec | undefined {
  const load = (profile: string) => result.loads.find((l) => l.profile === profile)?.id
  const [reused, fresh] = [load('pingpong'), load('connect')]
  if (reused === undefined || fresh === undefined) return undefined
  const p50 = (id: string, name: string) => {
    const own = summary.paths.find((path) => path.path === name && path.load === id)
    return own && measuredOf(own.quantiles.p50)
  }
  return {
    kind: 'new-vs-reused',
    model: {
      ...runCaptions(result, 'What a new connection costs', fresh, '95% intervals'),
      quantity: 'median (p50)',
      paths: pathsOf(summary, reused)
        .filter((path) => path.controlOf === undefined)
        .map(({ path, hops }) => ({
          name: path,
          hops,
          reusedNs: p50(reused, path),
          newNs: p50(fresh, path),
        })),
    },
  }
}

/** Undefined when the scenario text of the run cannot be read by this version any more. */
function topologySpec({ result, summary }: ChartedRun): ChartSpec | undefined {
  const scenario = scenarioOf(result)
  if (!scenario) return undefined
  const { topology, routeMode, delays } = scenario
  const pairs = new Map<string, { between: [string, string]; isOneWay: boolean; mode: string }>()
  for (const { from, to } of topology.routes) {
    const back = pairs.get(JSON.stringify([to, from]))
    if (back) back.isOneWay = false
    else pairs.set(JSON.stringify([from, to]), { between: [from, to], isOneWay: true, mode: routeMode })
  }
  return {
    kind: 'topology',
    model: {
      title: result.scenario.title,
      subtitle: 'Networks, clusters and gateways, and the components that each path must visit',
      caption: runCaption(result),
      clusters: topology.clusters.map(({ name, network, nodes, gateway }) => ({
        name,
        network,
        nodes,
        gateway: gateway && { loadBalancer: gateway.loadBalancer },
      })),
      routes: [...pairs.values()],
      delays,
      paths: result.paths.map(({ name, expected, hops }) => ({
        name,
        components: expected,
        note: hops === null ? noPathNote(summary, name) : undefined,
      })),
    },
  }
}

function scenarioOf(result: RunResult) {
  try {
    return parseScenario(result.scenario.text, result.scenario.name).scenario
  } catch {
    return undefined
  }
}

function noPathNote(summary: RunSummary, name: string): string {
  const seen = summary.unreachable.filter((u) => u.path === name)
  if (seen.length === 0) return 'must be unreachable, not tried'
  return seen.every((u) => u.confirmed) ? 'unreachable, as expected' : 'reachable, not as expected'
}

function pathsOf(summary: RunSummary, load: string): readonly PathSummary[] {
  return summary.paths.filter((path) => path.load === load)
}

/** A path has the same place, and so the same colour, in every chart of a run. */
function inPathOrder(result: RunResult, distributions: readonly Distribution[]): readonly Distribution[] {
  const place = (name: string) => result.paths.findIndex((path) => path.name === name)
  return distributions.toSorted((a, b) => place(a.path) - place(b.path))
}

function intervalsNote(values: readonly { readonly low: number | null }[]): string {
  return values.some(({ low }) => low !== null) ? '95% intervals' : 'too few rounds for intervals'
}

function bandNote(distributions: readonly Distribution[]): string {
  const hasBands = distributions.some((d) => d.points.some((p) => p.lowNs !== undefined))
  return hasBands ? 'bands: 95%, rounds resampled' : 'too few rounds for bands'
}

export function measuredOf(value: {
  readonly estimate: number | null
  readonly low: number | null
  readonly high: number | null
}): Measured | undefined {
  const { estimate, low, high } = value
  if (estimate === null) return undefined
  return low === null || high === null ? { estimate } : { estimate, interval: { low, high } }
}

export function differenceOf(
  comparison: Pick<Comparison, 'difference' | 'low' | 'high'>,
): Measured | undefined {
  return measuredOf({ ...comparison, estimate: comparison.difference })
}

/** Five significant digits: what a picture can show, and a page need not carry more. */
function short(value: number): number {
  return Number(value.toPrecision(5))
}
