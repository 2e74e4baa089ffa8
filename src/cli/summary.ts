import { Command } from 'commander'
import { summarizeRun } from '../analysis/summarize-run.ts'
import { summaryMarkdown } from '../report/render/markdown/summary.ts'
import { summaryText } from '../report/render/text/summary.ts'
import { print, printJson, terminalColumns, type CliContext } from './context.ts'
import { runOpener } from './open-runs.ts'
import {
  deltaOption,
  metricOption,
  outputOption,
  resultsOption,
  type Delta,
  type OutputFormat,
} from './options.ts'

interface SummaryFlags {
  readonly output: OutputFormat
  readonly results: string
  readonly metric: readonly string[]
  readonly delta: Delta
}

/** `hopmeter summary`: the ladder of a run. */
export function summaryVerb(context: CliContext): Command {
  return new Command('summary')
    .summary('each path with its interval, and what each added component costs')
    .description('Prints each path of a run with its interval, and what each added component costs.')
    .argument('[run]', 'run id, the start of one, "latest", or a folder', 'latest')
    .addOption(metricOption())
    .addOption(deltaOption())
    .addOption(resultsOption())
    .addOption(outputOption(['text', 'json', 'markdown']))
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter summary\n  hopmeter summary latest -o markdown >> post.md\n  hopmeter summary latest --metric cold --metric wait',
    )
    .action(async (run: string, flags: SummaryFlags) => {
      const { result } = await runOpener(context, flags.results)(run)
      const summary = summarizeRun(result, flags.delta)
      if (flags.output === 'json') printJson(context, summary)
      else
        print(
          context,
          flags.output === 'markdown'
            ? summaryMarkdown(summary, { metrics: flags.metric })
            : summaryText(summary, terminalColumns(context), { metrics: flags.metric }),
        )
    })
}
