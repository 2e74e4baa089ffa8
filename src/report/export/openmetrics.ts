import { enginesOf } from '../../results/build-traits.ts'
import { outcomeKinds, sumOutcomes } from '../../results/outcomes.ts'
import type { RunResult } from '../../results/schema.ts'
import { scenarioNameOf, variantEngine, variantNames } from '../../results/variants.ts'
import { cpuPerRequest } from '../../analysis/cpu-per-request.ts'
import { componentLabel, ofVariant } from '../../topology/component.ts'
import { distributionOf, roundsRemark, type Distribution, type RoundChoice } from './distribution.ts'

/** Upper bounds in ns: twenty per decade from 10 µs to 10 s, the same for every run so that runs can be added up. */
const boundsNs = Array.from({ length: 121 }, (_, i) => Number((10_000 * 10 ** (i / 20)).toPrecision(3)))

type Labels = Readonly<Record<string, string>>

/**
 * OpenMetrics 1.0 text: latencies as classic histograms in seconds, requests by outcome, and a metric that names the
 * run. A bucket counts the HDR buckets that lie wholly below its bound, so a bound is exact to 0.1 %.
 */
export function toOpenMetrics(result: RunResult, rounds: RoundChoice = 'valid'): string {
  const engine = enginesOf(result)
  const about: Labels = {
    run: result.id,
    scenario: result.scenario.name,
    backend: result.backend,
    status: result.status,
    hopmeter: result.hopmeterVersion,
    ...(engine === undefined ? {} : { engine }),
  }
  const latencies = result.histograms.map((entry) => distributionOf(result, entry, rounds))
  const remark = roundsRemark(result, rounds)
  return [
    '# TYPE hopmeter_run info',
    '# HELP hopmeter_run What was measured.',
    sample('hopmeter_run_info', about, 1),
    ...variantInfos(result),
    '# TYPE hopmeter_request_duration_seconds histogram',
    '# UNIT hopmeter_request_duration_seconds seconds',
    `# HELP hopmeter_request_duration_seconds Latency of requests on reused connections; ${remark}.`,
    ...latencies.flatMap((latency) => histogram(labelsOf(result, latency), latency)),
    '# TYPE hopmeter_requests counter',
    '# HELP hopmeter_requests Requests of all rounds by outcome.',
    ...latencies.flatMap(({ path, load }) => outcomes(result, path, load)),
    ...cpuGauges(result),
    '# EOF\n',
  ].join('\n')
}

/** CPU time per request by component; no such metric where the run does not know. */
function cpuGauges(result: RunResult): string[] {
  const known = cpuPerRequest(result).flatMap(({ load, component, paths, perRequestNs: { estimate } }) =>
    estimate === null ? [] : [{ load: load ?? 'all', component, paths, estimate }],
  )
  if (known.length === 0) return []
  const name = 'hopmeter_cpu_per_request_seconds'
  return [
    `# TYPE ${name} gauge`,
    `# UNIT ${name} seconds`,
    `# HELP ${name} CPU time of a component per request that passed it, over these paths together; all rounds.`,
    ...known.map(({ load, component, paths, estimate }) =>
      sample(
        name,
        {
          run: result.id,
          load,
          component: componentLabel({ ...component, variant: undefined }),
          ...ofVariant(component.variant),
          paths: paths.join(','),
        },
        Number((estimate / 1e9).toPrecision(6)),
      ),
    ),
  ]
}

/** What stood side by side; no such metric in a run without variants. */
function variantInfos(result: RunResult): string[] {
  const variants = variantNames(result)
  if (variants.length === 0) return []
  return [
    '# TYPE hopmeter_variant info',
    '# HELP hopmeter_variant What forwarded the bytes of each variant of the run.',
    ...variants.map((variant) =>
      sample(
        'hopmeter_variant_info',
        { run: result.id, variant, engine: variantEngine(result, variant) ?? '' },
        1,
      ),
    ),
  ]
}

/** A path by the name that it has in the scenario, and by its variant where there are several. */
function labelsOf(result: RunResult, { path, load }: { path: string; load: string }): Labels {
  const planned = result.paths.find(({ name }) => name === path)
  const variant = planned?.variant
  return {
    run: result.id,
    path: planned ? scenarioNameOf(planned) : path,
    ...ofVariant(variant),
    load,
  }
}

function histogram(labels: Labels, { buckets, count, meanNs }: Distribution): string[] {
  const name = 'hopmeter_request_duration_seconds'
  let below = 0
  let next = 0
  const lines = boundsNs.map((bound) => {
    for (; next < buckets.length && buckets[next]!.highNs <= bound; next++) below += buckets[next]!.count
    return sample(`${name}_bucket`, { ...labels, le: seconds(bound) }, below)
  })
  return [
    ...lines,
    sample(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    sample(`${name}_count`, labels, count),
    sample(`${name}_sum`, labels, Number(((meanNs * count) / 1e9).toPrecision(12))),
  ]
}

/** One request ends in one way, so the outcomes of a path add up to what it sent. */
function outcomes(result: RunResult, path: string, load: string): string[] {
  const totals = sumOutcomes(
    result.measured.flatMap((round) => round.paths.filter((p) => p.path === path && p.load === load)),
  )
  return outcomeKinds.map((outcome) =>
    sample('hopmeter_requests_total', { ...labelsOf(result, { path, load }), outcome }, totals[outcome]),
  )
}

/** Float syntax that no parser reads as an integer: `0.01`, `10.0`. */
function seconds(ns: number): string {
  const text = String(Number((ns / 1e9).toPrecision(3)))
  return /[.e]/.test(text) ? text : `${text}.0`
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
  return `${name}{${pairs.join(',')}} ${value}`
}

/** The format knows three escapes; other control characters would break lines for some readers. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '\u{fffd}')
}
