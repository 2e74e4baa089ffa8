import type { Command } from 'commander'
import type { CliContext } from './context.ts'

/** Makes the command of a verb; `program` is the one that it will belong to. */
type VerbMaker = (context: CliContext, program: Command) => Command

/** Every verb, in the order in which help lists them. A verb is loaded when it is asked for, and no other with it. */
export const verbs: Readonly<Record<string, () => Promise<VerbMaker>>> = {
  list: async () => (await import('./list.ts')).listVerb,
  show: async () => (await import('./show.ts')).showVerb,
  plan: async () => (await import('./plan.ts')).planVerb,
  doctor: async () => (await import('./doctor.ts')).doctorVerb,
  calibrate: async () => (await import('./calibrate.ts')).calibrateVerb,
  probe: async () => (await import('./probe.ts')).probeVerb,
  run: async () => (await import('./run.ts')).runVerb,
  aa: async () => (await import('./aa.ts')).aaVerb,
  up: async () => (await import('./up.ts')).upVerb,
  exec: async () => (await import('./exec.ts')).execVerb,
  verify: async () => (await import('./verify.ts')).verifyVerb,
  down: async () => (await import('./down.ts')).downVerb,
  results: async () => (await import('./results.ts')).resultsVerb,
  summary: async () => (await import('./summary.ts')).summaryVerb,
  compare: async () => (await import('./compare.ts')).compareVerb,
  matrix: async () => (await import('./matrix.ts')).matrixVerb,
  chart: async () => (await import('./chart.ts')).chartVerb,
  report: async () => (await import('./report.ts')).reportVerb,
  export: async () => (await import('./export.ts')).exportVerb,
  import: async () => (await import('./import.ts')).importVerb,
  tools: async () => (await import('./tools.ts')).toolsVerb,
  schema: async () => (await import('./schema.ts')).schemaVerb,
  completion: async () => (await import('./completion.ts')).completionVerb,
}
