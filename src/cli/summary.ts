import { Command } from 'commander'
import { summarizeRun } from '../stats/summarize-run.ts'
import { summaryMarkdown, summaryText } from '../report/summary/text.ts'
import { print, printJson, terminalColumns, type CliContext } from './context.ts'
import { runOpener } from './open-runs.ts'
import { metricOption, outputOption, resultsOption, type OutputFormat } from './options.ts'

/** `hopmeter summary`: the ladder of a run. */
export function summaryVerb(context: CliContext): Command {
  return new Command('summary')
    .summary('each path with its interval, and what each added component costs')
    .description('Prints each path of a run with its interval, and what each added component costs.')
    .argument('[run]', 'run id, the start of one, "latest", or a folder', 'latest')
    .addOption(metricOption())
    .addOption(resultsOption())
    .addOption(outputOption(['text', 'json', 'markdown']))
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter summary\n  hopmeter summary latest -o markdown >> post.md\n  hopmeter summary latest --metric cold --metric wait',
    )
    .action(
      async (run: string, flags: { output: OutputFormat; results: string; metric: readonly string[] }) => {
        const { result } = await runOpener(context, flags.results)(run)
        const summary = summarizeRun(result)
        if (flags.output === 'json') printJson(context, summary)
        else
          print(
            context,
            flags.output === 'markdown'
              ? summaryMarkdown(summary, { metrics: flags.metric })
              : summaryText(summary, terminalColumns(context), { metrics: flags.metric }),
          )
      },
    )
}
