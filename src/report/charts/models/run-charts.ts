import type { RunResult } from '../../../results/schema.ts'
import { parseScenario } from '../../../scenario/load.ts'
import { takeVariant } from '../../../results/take-variant.ts'
import { pathsOfVariant, variantNames } from '../../../results/variants.ts'
import { summarizeRun } from '../../../analysis/summarize-run.ts'
import type { ChartedRun, ChartSubject } from '../chart-module.ts'
import { chartModules, type ChartSpec } from '../kinds.ts'
import { versions } from '../kinds/versions.ts'

/**
 * Every chart that one run can fill, in the order in which a report shows them. Of variants: first what they differ by,
 * then each by itself, as a run of its own.
 */
export function chartsOfRun(run: ChartedRun): ChartSpec[] {
  const variants = variantNames(run.result)
  if (variants.length === 0) return chartsOfOne(run, () => true)
  const ofAll: readonly string[] = ['topology', 'differences', 'versions']
  return [
    ...chartsOfOne(run, ({ section }) => ofAll.includes(section)),
    ...specsOf(versions, aboutOf(run)),
    ...variants.flatMap((variant) =>
      chartsOfOne(chartedVariant(run, variant), ({ section }) => !ofAll.includes(section)).map(
        (spec): ChartSpec =>
          ({
            ...spec,
            about: variant,
            model: { ...spec.model, title: `${variant}: ${spec.model.title}` },
          }) as ChartSpec,
      ),
    ),
  ]
}

type Module = (typeof chartModules)[number]

function chartsOfOne(run: ChartedRun, isWanted: (module: Module) => boolean): ChartSpec[] {
  const about = aboutOf(run)
  const modules = chartModules.filter(isWanted)
  const first = modules.filter((module) => module.section === 'topology')
  const last = modules.filter((module) => module.per === 'run' && module.section !== 'topology')
  const ofLoads = modules
    .filter((module) => module.per === 'load')
    .toSorted((a, b) => sections.indexOf(a.section) - sections.indexOf(b.section))
  return [
    ...first.flatMap((module) => specsOf(module, about)),
    ...run.result.loads.flatMap(({ id: load }) =>
      ofLoads.flatMap((module) => specsOf(module, { ...about, load }).map((spec) => ({ ...spec, load }))),
    ),
    ...last.flatMap((module) => specsOf(module, about)),
  ]
}

function aboutOf(run: ChartedRun): ChartSubject {
  const { result } = run
  return { run, runs: [result], load: result.loads[0]?.id ?? '', scenario: scenarioOf(result) }
}

/** One variant as a run of its own. */
function chartedVariant({ result, distributions }: ChartedRun, variant: string): ChartedRun {
  const taken = takeVariant(result, variant)
  const names = pathsOfVariant(result, variant)
  return {
    result: taken,
    summary: summarizeRun(taken),
    distributions: distributions.flatMap((own) => {
      const path = names.get(own.path)
      return path === undefined ? [] : [{ ...own, path }]
    }),
  }
}

const sections = ['ladder', 'differences', 'distributions', 'rounds'] as readonly string[]

/** The chart of a kind about a subject, if there is one. */
function specsOf(module: Module, subject: ChartSubject): ChartSpec[] {
  const model = module.modelOf(subject)
  return model === undefined ? [] : [{ kind: module.kind, model } as ChartSpec]
}

function scenarioOf(result: RunResult) {
  try {
    return parseScenario(result.scenario.text, result.scenario.name).scenario
  } catch {
    return undefined
  }
}
