import { Option, type Command } from 'commander'
import path from 'node:path'
import { exitCodes } from '../errors.ts'
import { runScenario, type FinishedRun, type RunScenarioOptions } from '../measure/run-scenario.ts'
import { firstChartOf, writeCharts } from '../report/charts/write.ts'
import { summaryMarkdown } from '../report/render/markdown/summary.ts'
import { summaryText } from '../report/render/text/summary.ts'
import type { ScenarioFile } from '../scenario/types.ts'
import { summarizeRun } from '../analysis/summarize-run.ts'
import { addBackendFlags, type BackendFlags } from './backend-flags.ts'
import { createBackend } from './backends.ts'
import { print, printJson, say, terminalColumns, type CliContext } from './context.ts'
import {
  durationMs,
  keyValue,
  otherSpelling,
  outputOption,
  positiveInteger,
  resultsOption,
  seedNumber,
  type OutputFormat,
} from './options.ts'
import { createProgress } from './progress.ts'
import { testbedOverrides } from './testbed-overrides.ts'
import { versionsPlan } from './versions-plan.ts'

/** Flags of every verb that measures a scenario. */
export interface RunFlags extends BackendFlags {
  readonly output: OutputFormat
  readonly results: string
  readonly builds?: number
  readonly restarts?: number
  readonly rounds?: number
  readonly duration?: number
  readonly warmup?: number
  readonly seed?: number
  readonly chart: boolean
  readonly charts: boolean
  readonly label?: Readonly<Record<string, string>>
  readonly includeHost?: boolean
  readonly quiet?: boolean
  readonly strict?: boolean
}

export function addRunFlags(command: Command): Command {
  return addBackendFlags(command)
    .option('--keep', 'kind: leave the clusters standing (hopmeter down takes them down)')
    .addOption(
      new Option('--builds <n>', 'stand the testbed up anew this often')
        .argParser(positiveInteger)
        .env('HOPMETER_BUILDS'),
    )
    .addOption(
      new Option('--restarts <n>', 'start all programs of a build this often: the sample of the statistics')
        .argParser(positiveInteger)
        .env('HOPMETER_RESTARTS'),
    )
    .addOption(
      new Option('--rounds <n>', 'rounds per restart').argParser(positiveInteger).env('HOPMETER_ROUNDS'),
    )
    .addOption(
      new Option('--duration <d>', 'length of a round, e.g. 1s')
        .argParser(durationMs)
        .env('HOPMETER_DURATION'),
    )
    .addOption(
      new Option('--warmup <d>', 'load thrown away before the first round, e.g. 500ms')
        .argParser(durationMs)
        .env('HOPMETER_WARMUP'),
    )
    .addOption(
      new Option('--seed <n>', 'seed of every shuffle (default: random, stored with the run)')
        .argParser(seedNumber)
        .env('HOPMETER_SEED'),
    )
    .option('--no-charts', 'do not draw the ladder')
    .addOption(otherSpelling('--no-chart'))
    .option('--label <key=value>', 'keep a label with the run (repeatable)', keyValue)
    .option('--include-host', 'keep the host name in the result')
    .option('--strict', 'exit with 5 when too many rounds are flagged for the run to count')
    .option('-q, --quiet', 'no progress')
    .addOption(resultsOption())
    .addOption(outputOption(['text', 'json', 'markdown']))
}

/** Runs a scenario with live progress, and keeps the result. */
export async function runWithFlags(
  context: CliContext,
  scenarioFile: ScenarioFile,
  flags: RunFlags,
  choices: Pick<RunScenarioOptions, 'verify' | 'control' | 'paths' | 'resume'>,
): Promise<FinishedRun> {
  const progress = createProgress(context, { quiet: flags.quiet })
  try {
    const backend = await createBackend(flags.backend, flags)
    const rounds = {
      ...(flags.builds === undefined ? {} : { builds: flags.builds }),
      ...(flags.restarts === undefined ? {} : { restarts: flags.restarts }),
      ...(flags.rounds === undefined ? {} : { count: flags.rounds }),
      ...(flags.duration === undefined ? {} : { durationMs: flags.duration }),
      ...(flags.warmup === undefined ? {} : { warmupMs: flags.warmup }),
    }
    const { scenario } = scenarioFile
    const all = { ...scenario.rounds, ...rounds }
    const versions = await versionsPlan(backend, scenario, all, flags.results)
    if (versions !== undefined) progress.note('info', versions)
    const measured = (signal: AbortSignal) =>
      runScenario({
        ...choices,
        scenarioFile,
        backend,
        resultsRoot: flags.results,
        reporter: progress,
        signal,
        seed: flags.seed,
        mesh: flags.mesh === 'none' ? 'none' : undefined,
        rounds,
        testbed: testbedOverrides(flags),
        labels: flags.label,
        includeHostname: flags.includeHost,
      })
    return await context.stoppable(measured)
  } finally {
    progress.stop()
  }
}

/** Prints the ladder or how variants differ, draws its chart, and says where both are kept. */
export async function presentRun(
  context: CliContext,
  { directory, result }: FinishedRun,
  flags: RunFlags,
): Promise<void> {
  const summary = summarizeRun(result)
  if (flags.output === 'json') printJson(context, summary)
  else
    print(
      context,
      flags.output === 'markdown' ? summaryMarkdown(summary) : summaryText(summary, terminalColumns(context)),
    )
  const relative = path.relative(process.cwd(), directory)
  const shown = relative.startsWith('..') ? directory : relative
  if (flags.chart && flags.charts) await drawFirstChart(context, result, directory, shown)
  say(context, `result: ${path.join(shown, 'result.json')}`)
  if (result.status === 'void') {
    say(context, `warning: this run is void: ${result.reason}`)
    if (flags.strict) context.setExitCode(exitCodes.inconclusive)
  }
  if (result.status === 'path-mismatch') say(context, `warning: path not as expected: ${result.reason}`)
}

/** A run without its picture is still a run: whatever keeps it from being drawn is only said. */
async function drawFirstChart(
  context: CliContext,
  result: FinishedRun['result'],
  directory: string,
  shown: string,
): Promise<void> {
  const chart = result.measured.length === 0 ? undefined : firstChartOf(result)
  if (!chart) return
  try {
    const [file = ''] = await writeCharts([chart], directory, { format: 'png', theme: 'light' })
    say(context, `chart:  ${path.join(shown, path.basename(file))}`)
  } catch (error) {
    say(context, `no chart was drawn: ${error instanceof Error ? error.message : String(error)}`)
  }
}
