import { Command } from 'commander'
import { hopmeterVersion } from '../version.ts'
import { aaVerb } from './aa.ts'
import { calibrateVerb } from './calibrate.ts'
import { chartVerb } from './chart.ts'
import { compareVerb } from './compare.ts'
import { completionVerb } from './completion.ts'
import { commanderOutput, type CliContext } from './context.ts'
import { doctorVerb } from './doctor.ts'
import { downVerb } from './down.ts'
import { refuseEmptyValues } from './empty-values.ts'
import { exportVerb } from './export.ts'
import { importVerb } from './import.ts'
import { listVerb } from './list.ts'
import { planVerb } from './plan.ts'
import { probeVerb } from './probe.ts'
import { reportVerb } from './report.ts'
import { resultsVerb } from './results.ts'
import { runVerb } from './run.ts'
import { schemaVerb } from './schema.ts'
import { showVerb } from './show.ts'
import { summaryVerb } from './summary.ts'
import { toolsVerb } from './tools.ts'
import { upVerb } from './up.ts'
import { verifyVerb } from './verify.ts'

const description =
  'Measures what every extra component on an Istio ambient multi-cluster path costs, and proves which path the bytes took.'

const examples = `
Examples:
  hopmeter list                       named scenarios
  hopmeter doctor                     what this machine can run
  hopmeter run hop-ladder             measure 2, 4, 4, 5 and 6 components side by side
  hopmeter summary latest             what each component cost

Exit codes: 0 ok · 1 failure · 2 usage or invalid scenario · 3 regression · 4 path not as expected ·
5 inconclusive (--strict) · 130/143 interrupted`

/** The whole command line; verbs do their work through the library. */
export function createProgram(context: CliContext): Command {
  const program = new Command('hopmeter')
    .description(description)
    .version(hopmeterVersion, '-V, --version')
    .exitOverride()
    .configureOutput(commanderOutput(context))
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for usage and examples)')
    .addHelpText('after', examples)
  const verbs = [
    listVerb,
    showVerb,
    planVerb,
    doctorVerb,
    calibrateVerb,
    probeVerb,
    runVerb,
    aaVerb,
    upVerb,
    verifyVerb,
    downVerb,
    resultsVerb,
    summaryVerb,
    compareVerb,
    chartVerb,
    reportVerb,
    exportVerb,
    importVerb,
    toolsVerb,
    schemaVerb,
  ]
  for (const verb of verbs) program.addCommand(inheriting(verb(context), program))
  program.addCommand(inheriting(completionVerb(context, program), program))
  return program
}

/** Verbs under a verb are made before it has its settings. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent)
  refuseEmptyValues(command)
  for (const below of command.commands) inheriting(below, command)
  return command
}
