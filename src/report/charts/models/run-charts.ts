import type { RunResult } from '../../../results/schema.ts'
import { parseScenario } from '../../../scenario/load.ts'
import type { Comparison } from '../../../stats/comparison.ts'
import type { PathSummary, RunSummary, StepSummary } from '../../../stats/summarize-run.ts'
import type { ComponentKind } from '../../../topology/model.ts'
import type { ChartSpec } from '../kinds.ts'
import type { LadderPath } from '../ladder-model.ts'
import type { Measured } from '../quantity.ts'
import { runCaption, runCaptions } from './captions.ts'
import type { Distribution } from './distribution.ts'
import {
  deltaTitle,
  ecdfTitle,
  ladderTitle,
  newConnectionTitle,
  percentilesTitle,
  roundsTitle,
  topologyTitle,
} from './findings.ts'

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
  const remark = `median (p50) with ${intervalsNote(paths.map((p) => p.quantiles.p50))}`
  const captions = runCaptions(result, ladderTitle(result, summary, load), load, [remark])
  return {
    kind: 'ladder',
    load,
    model: {
      ...captions,
      caption: `Steps are paired by round, so they can differ a little from the difference of two bars. ${captions.caption}`,
      paths: [
        ...paths.map((path) => ladderPath(result, summary, path)),
        ...missing.map(({ name }) => ({ name, note: noPathNote(summary, name) })),
      ],
    },
  }
}

function ladderPath(result: RunResult, summary: RunSummary, path: PathSummary): LadderPath {
  const step = summary.steps.find((s) => s.to === path.path && s.load === path.load)
  const addsNs = step && differenceOf(step.comparison)
  return {
    name: path.path,
    hops: path.hops,
    chain: path.components.map((component) => component.kind),
    p50Ns: measuredOf(path.quantiles.p50),
    p99Ns: measuredOf(path.quantiles.p99),
    step: addsNs && {
      addsNs,
      label: step.adds.length > 0 ? step.adds.join(', ') : sameComponentsLabel(result, step),
      adds: step.adds.length === 0 ? undefined : addedKind(result, step),
      isClear: step.comparison.verdict === 'slower' || step.comparison.verdict === 'faster',
    },
    note: path.requests === 0 ? 'no request answered' : undefined,
  }
}

/** The component that a step adds, or the one furthest along the path when it adds several kinds. */
function addedKind(result: RunResult, { from, to }: StepSummary): ComponentKind | undefined {
  const kinds = (name: string) =>
    result.paths.find((path) => path.name === name)?.expected.map((component) => component.kind) ?? []
  const count = (list: readonly ComponentKind[], kind: ComponentKind) =>
    list.filter((one) => one === kind).length
  return kinds(to).findLast((kind) => count(kinds(to), kind) > count(kinds(from), kind))
}

function sameComponentsLabel({ paths }: RunResult, { from, to }: StepSummary): string {
  const clusterOf = (name: string) => paths.find((path) => path.name === name)?.server.cluster
  return clusterOf(from) === clusterOf(to) ? 'same components' : 'another cluster'
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
  const remark = `differences of p50, paired by round, with ${note}`
  const captions = runCaptions(result, deltaTitle(summary, load), load, [remark])
  return {
    kind: 'delta',
    load,
    model: {
      ...captions,
      caption: `${band} ${captions.caption}`,
      negligibleNs: summary.deltaNs,
      rows: [
        ...summary.steps.filter(isOwn).map(row('each step')),
        ...summary.controls.filter(isOwn).map(row('one path twice (A/A)')),
      ],
    },
  }
}

function percentilesSpec({ result, distributions }: ChartedRun, load: string): ChartSpec {
  const shown = shownDistributions(result, distributions, load)
  const remarks = [`all requests together, ${bandNote(shown)}`]
  return {
    kind: 'percentiles',
    load,
    model: {
      ...runCaptions(result, percentilesTitle(shown), load, remarks),
      series: shown.map(({ path, points }) => ({
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
  const shown = shownDistributions(result, distributions, load)
  const remarks = [`all requests together, ${bandNote(shown)}`]
  return {
    kind: 'ecdf',
    load,
    model: {
      ...runCaptions(result, ecdfTitle(shown), load, remarks),
      series: shown.map(({ path, points }) => ({
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
  const flags = [...new Set(result.measured.flatMap((round) => round.flags))]
  const remark =
    flags.length === 0 ? 'no round flagged' : `shaded and crossed: rounds flagged ${flags.join(', ')}`
  return {
    kind: 'rounds',
    load,
    model: {
      ...runCaptions(result, roundsTitle(result, load), load, [remark]),
      quantity: 'p50 of the round',
      rounds: result.measured.map(({ build, flags: own }) => ({ build, flags: own })),
      series: result.paths
        .filter((path) => path.hops !== null && path.controlOf === undefined)
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
  const paths = pathsOf(summary, reused)
    .filter((path) => path.controlOf === undefined)
    .map(({ path, hops, components }) => ({
      name: path,
      hops,
      chain: components.map((component) => component.kind),
      reusedNs: p50(reused, path),
      newNs: p50(fresh, path),
    }))
  const addedNs = paths.flatMap(({ reusedNs, newNs }) =>
    reusedNs && newNs ? [newNs.estimate - reusedNs.estimate] : [],
  )
  const note = intervalsNote(pathsOf(summary, fresh).map((path) => path.quantiles.p50))
  const remark = `median (p50) with ${note}; ×: new over reused`
  return {
    kind: 'new-vs-reused',
    model: {
      ...runCaptions(result, newConnectionTitle(result, addedNs), fresh, [remark]),
      quantity: 'median (p50)',
      paths,
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
      title: topologyTitle(result, topology.clusters),
      subtitle:
        'Above: what is routed where. Below: the components that a request of each path must visit, in order.',
      caption: runCaption(result),
      clusters: topology.clusters.map(({ name, network, nodes, gateway }) => ({
        name,
        network,
        nodes,
        gateway: gateway && { loadBalancer: gateway.loadBalancer },
      })),
      routes: [...pairs.values()],
      delays,
      paths: result.paths
        .filter((path) => path.controlOf === undefined)
        .map(({ name, expected, hops }) => ({
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

/** Without A/A controls, whose place is the forest plot; a path has the same place, and so colour, in every chart. */
function shownDistributions(
  result: RunResult,
  distributions: readonly Distribution[],
  load: string,
): readonly Distribution[] {
  const names = result.paths.flatMap((path) => (path.controlOf === undefined ? [path.name] : []))
  return distributions
    .filter((d) => d.load === load && names.includes(d.path))
    .toSorted((a, b) => names.indexOf(a.path) - names.indexOf(b.path))
}

function intervalsNote(values: readonly { readonly low: number | null }[]): string {
  return values.some(({ low }) => low !== null) ? '95% intervals' : 'no intervals: too few rounds'
}

function bandNote(distributions: readonly Distribution[]): string {
  const hasBands = distributions.some((d) => d.points.some((p) => p.lowNs !== undefined))
  return hasBands ? '95% bands' : 'no bands: too few rounds'
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
