import { median } from 'simple-statistics'
import type { RunResult } from '../results/schema.ts'
import { scenarioNameOf } from '../results/variants.ts'
import { comparePairs, type Pair } from '../stats/compare-pairs.ts'
import type { Comparison } from '../stats/comparison.ts'
import { decideFamily } from '../stats/decide-family.ts'
import { levelOf, type Nested } from '../stats/nested.ts'
import type { Scale } from '../stats/scale.ts'
import type { AskedMargin } from './asked-margin.ts'
import { outcomesOfPath, withErrorShares } from './error-share.ts'
import { scaleBetween } from './path-scale.ts'
import { seriesPairs, seriesValues, type Series } from './round-values.ts'
import type { MetricSummary } from './summarize-metrics.ts'

/**
 * A step of the ladder in one version beside the same step in the first. Versions that stand in turn never meet in a
 * round, and what the host does to a whole start moves all of its paths by the same factor: it cancels in a step.
 */
export interface SwitchedStep {
  readonly load: string
  readonly variant: string
  /** Names of the scenario's paths. */
  readonly from: string
  readonly to: string
  /** What the step was in each version: a factor, or a time in ns where an emulated delay sets its paths apart. */
  readonly baseline: number
  readonly contender: number
  readonly scale: Scale
  /** Of `to`, at the level that it has in the first version, as if the host had gone equally fast for both. */
  readonly comparison: Comparison
}

type PathOfRun = RunResult['paths'][number]

/** Each step at p50 of each version beside the first; steps of one version are judged as one family. Pure. */
export function switchedSteps(
  run: RunResult,
  metrics: readonly MetricSummary[],
  [baseline, ...others]: readonly string[],
  margin: AskedMargin,
): readonly SwitchedStep[] {
  const planned = (name: string) => run.paths.find((path) => path.name === name)
  const inVariant = (path: PathOfRun, variant: string) =>
    run.paths.find((own) => own.variant === variant && scenarioNameOf(own) === scenarioNameOf(path))
  return metrics
    .filter(({ series }) => series === 'warm')
    .flatMap(({ load, steps }) =>
      others.flatMap((variant) => {
        const compared = steps.flatMap(({ from, to, quantile }): SwitchedStep[] => {
          const [a, b] = [planned(from), planned(to)]
          if (!a || !b || quantile !== 'p50' || a.variant !== baseline) return []
          const [otherA, otherB] = [inVariant(a, variant), inVariant(b, variant)]
          if (!otherA || !otherB) return []
          const step = compareStep(run, load, [a, b], [otherA, otherB], margin)
          return step ? [{ load, variant, from: scenarioNameOf(a), to: scenarioNameOf(b), ...step }] : []
        })
        const judged = decideFamily(compared.map(({ comparison }) => comparison))
        return compared.map((step, i) => ({ ...step, comparison: judged[i] ?? step.comparison }))
      }),
    )
}

function compareStep(
  run: RunResult,
  load: string,
  own: readonly [PathOfRun, PathOfRun],
  other: readonly [PathOfRun, PathOfRun],
  margin: AskedMargin,
): Pick<SwitchedStep, 'baseline' | 'contender' | 'scale' | 'comparison'> | undefined {
  const scale = scaleBetween(...own)
  const series = ({ name }: PathOfRun): Series => ({ path: name, load, quantile: 'p50' })
  const stepsOf = ([from, to]: readonly [PathOfRun, PathOfRun]): Nested =>
    seriesPairs(run.measured, series(from), series(to)).map((build) =>
      build.map((rounds) => {
        const steps = rounds.map(([a, b]) => (scale === 'ratio' ? b / a : b - a))
        return steps.length === 0 ? [] : [median(steps)]
      }),
    )
  const [ofOwn, ofOther] = [stepsOf(own), stepsOf(other)]
  const levelNs = levelOf(seriesValues(run.measured, series(own[1])))
  const pairs = ofOwn.map((build, b) =>
    build.map(([x], r): Pair[] => {
      const [y] = ofOther[b]?.[r] ?? []
      if (x === undefined || y === undefined) return []
      return [scale === 'ratio' ? [levelNs, (levelNs * y) / x] : [x, y]]
    }),
  )
  if (pairs.flat(2).length === 0) return undefined
  const comparison = comparePairs(pairs, { ...margin, scale, finest: 'restart' })
  const sides = [...own, ...other].map(({ name }) => ({ name, outcomes: outcomesOfPath([run], name, load) }))
  return {
    baseline: levelOf(ofOwn),
    contender: levelOf(ofOther),
    scale,
    comparison: withErrorShares(comparison, sides),
  }
}
