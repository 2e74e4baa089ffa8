import path from 'node:path'
import { Command, Option } from 'commander'
import { exitCodes } from '../errors.ts'
import { runScenario, type FinishedRun } from '../measure/run-scenario.ts'
import type { VerifyMode } from '../measure/run.ts'
import { summarizeRun } from '../stats/summarize-run.ts'
import { summaryMarkdown, summaryText } from '../report/summary/text.ts'
import { writeLadderChart } from '../report/summary/chart.ts'
import { loadScenario } from '../scenario/load.ts'
import { createBackend } from './backends.ts'
import { print, say, type CliContext } from './context.ts'
import {
  backendOption,
  durationMs,
  keyValue,
  outputOption,
  positiveInteger,
  resultsOption,
  seedNumber,
  type OutputFormat,
} from './options.ts'
import { createProgress } from './progress.ts'

interface RunFlags {
  readonly backend: string
  readonly output: OutputFormat
  readonly results: string
  readonly builds?: number
  readonly rounds?: number
  readonly duration?: number
  readonly warmup?: number
  readonly seed?: number
  readonly verify: VerifyMode
  readonly control: boolean
  readonly chart: boolean
  readonly label?: Readonly<Record<string, string>>
  readonly includeHost?: boolean
  readonly quiet?: boolean
  readonly strict?: boolean
}

const examples = `
Examples:
  hopmeter run hop-ladder
  hopmeter run hop-ladder --builds 3 --rounds 40 --seed 7
  hopmeter run my-own.yaml --verify warn -o json
  hopmeter run mixed --label host=quiet --results /var/tmp/runs`

/** `hopmeter run`: measure a scenario and keep the result. */
export function runVerb(context: CliContext): Command {
  return new Command('run')
    .summary('run a scenario: measure, prove the path, keep the result')
    .description(
      'Stands the testbed of a scenario up, measures every path, proves which components carried it, keeps the result.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
    .addOption(backendOption())
    .addOption(
      new Option('--builds <n>', 'stand the testbed up anew this often')
        .argParser(positiveInteger)
        .env('HOPMETER_BUILDS'),
    )
    .addOption(
      new Option('--rounds <n>', 'rounds per build').argParser(positiveInteger).env('HOPMETER_ROUNDS'),
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
    .addOption(
      new Option('--verify <mode>', 'strict: stop when a path is not as expected; warn, off: mark the result')
        .choices(['strict', 'warn', 'off'])
        .default('strict')
        .env('HOPMETER_VERIFY'),
    )
    .option('--no-control', 'do not measure one path twice as the A/A control')
    .option('--no-chart', 'do not draw the ladder')
    .option('--label <key=value>', 'keep a label with the run (repeatable)', keyValue)
    .option('--include-host', 'keep the host name in the result')
    .option('--strict', 'exit with 5 when too many rounds are flagged for the run to count')
    .option('-q, --quiet', 'no progress')
    .addOption(resultsOption())
    .addOption(outputOption(['text', 'json', 'markdown']))
    .addHelpText('after', examples)
    .action(async (name: string, flags: RunFlags) => {
      const scenarioFile = await loadScenario(name)
      const progress = createProgress(context, { quiet: flags.quiet })
      let finished: FinishedRun
      try {
        finished = await runScenario({
          scenarioFile,
          backend: createBackend(flags.backend),
          resultsRoot: flags.results,
          reporter: progress,
          signal: context.signal,
          verify: flags.verify,
          seed: flags.seed,
          rounds: {
            ...(flags.builds === undefined ? {} : { builds: flags.builds }),
            ...(flags.rounds === undefined ? {} : { count: flags.rounds }),
            ...(flags.duration === undefined ? {} : { durationMs: flags.duration }),
            ...(flags.warmup === undefined ? {} : { warmupMs: flags.warmup }),
          },
          control: flags.control,
          labels: flags.label,
          includeHostname: flags.includeHost,
        })
      } finally {
        progress.stop()
      }
      await present(context, finished, flags)
    })
}

async function present(
  context: CliContext,
  { directory, result }: FinishedRun,
  flags: RunFlags,
): Promise<void> {
  const summary = summarizeRun(result)
  if (flags.output === 'json') print(context, JSON.stringify(summary, null, 2))
  else print(context, flags.output === 'markdown' ? summaryMarkdown(summary) : summaryText(summary))
  const relative = path.relative(process.cwd(), directory)
  const shown = relative.startsWith('..') ? directory : relative
  if (flags.chart && summary.paths.length > 0) {
    const file = await writeLadderChart(summary, path.join(directory, 'ladder.png')).catch(
      (error: unknown) => {
        say(context, `no chart was drawn: ${error instanceof Error ? error.message : String(error)}`)
        return undefined
      },
    )
    if (file !== undefined) say(context, `chart:  ${path.join(shown, 'ladder.png')}`)
  }
  say(context, `result: ${path.join(shown, 'result.json')}`)
  if (result.status === 'void') {
    say(context, `warning: this run is void: ${result.reason}`)
    if (flags.strict) context.setExitCode(exitCodes.inconclusive)
  }
  if (result.status === 'path-mismatch') say(context, `warning: path not as expected: ${result.reason}`)
}
