import type { RunResult } from '../../results/schema.ts'
import type { Scenario } from '../../scenario/types.ts'
import type { RunSummary } from '../../analysis/summarize-run.ts'
import type { Captions } from './frame.ts'
import type { Distribution } from './models/distribution.ts'
import type { Drawing, Stage } from './stage.ts'

export interface ChartedRun {
  readonly result: RunResult
  readonly summary: RunSummary
  readonly distributions: readonly Distribution[]
}

/** What a chart can be about. */
export interface ChartSubject {
  readonly run: ChartedRun
  /** That run and those beside it. */
  readonly runs: readonly RunResult[]
  /** A load of the run. */
  readonly load: string
  /** Undefined when this version cannot read the scenario of the run any more. */
  readonly scenario: Scenario | undefined
}

/** Parts of a report, in its order. */
export type ChartSection =
  'topology' | 'ladder' | 'differences' | 'distributions' | 'connections' | 'rounds' | 'versions'

/** Everything about one kind of chart. A new kind is one of these and a line in `kinds.ts`. */
export interface ChartModule<Kind extends string, Model extends Captions> {
  readonly kind: Kind
  /** What it is for: a sentence or two, as in the gallery. */
  readonly purpose: string
  /** How to read it: stands under it in reports. */
  readonly note: string
  readonly section: ChartSection
  /** One chart for each load of a run, one for the run, or one for several runs. */
  readonly per: 'load' | 'run' | 'runs'
  /** What it shows, as plain JSON; undefined where the subject has nothing for it. */
  readonly modelOf: (subject: ChartSubject) => Model | undefined
  readonly draw: (model: Model) => Drawing
  /** Points of height that it needs besides its frame; the usual shape unless given. */
  readonly height?: (model: Model, stage: Stage) => number
}
