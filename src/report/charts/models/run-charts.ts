import type { RunResult } from '../../../results/schema.ts'
import { parseScenario } from '../../../scenario/load.ts'
import type { ChartedRun, ChartSubject } from '../chart-module.ts'
import { chartModules, type ChartSpec } from '../kinds.ts'

/** Every chart that one run can fill, in the order in which a report shows them. */
export function chartsOfRun(run: ChartedRun): ChartSpec[] {
  const { result } = run
  const about = { run, runs: [result], load: result.loads[0]?.id ?? '', scenario: scenarioOf(result) }
  const first = chartModules.filter((module) => module.section === 'topology')
  const last = chartModules.filter((module) => module.per === 'run' && module.section !== 'topology')
  const ofLoads = chartModules
    .filter((module) => module.per === 'load')
    .toSorted((a, b) => sections.indexOf(a.section) - sections.indexOf(b.section))
  return [
    ...first.flatMap((module) => specsOf(module, about)),
    ...result.loads.flatMap(({ id: load }) =>
      ofLoads.flatMap((module) => specsOf(module, { ...about, load }).map((spec) => ({ ...spec, load }))),
    ),
    ...last.flatMap((module) => specsOf(module, about)),
  ]
}

const sections = ['ladder', 'differences', 'distributions', 'rounds'] as readonly string[]

/** The chart of a kind about a subject, if there is one. */
function specsOf(module: (typeof chartModules)[number], subject: ChartSubject): ChartSpec[] {
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
