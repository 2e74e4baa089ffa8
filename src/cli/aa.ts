import { Command, Option } from 'commander'
import { planScenario } from '../plan/plan-scenario.ts'
import { UsageError } from '../errors.ts'
import { loadScenario } from '../scenario/load.ts'
import { floorTable } from '../report/tables/floors.ts'
import { renderMarkdown } from '../report/render/markdown/table.ts'
import { renderText } from '../report/render/text/table.ts'
import { summarizeRun } from '../analysis/summarize-run.ts'
import { print, type CliContext } from './context.ts'
import { addRunFlags, presentRun, runWithFlags, type RunFlags } from './run-flags.ts'

/** `hopmeter aa`: one path against itself; whatever difference shows is noise. */
export function aaVerb(context: CliContext): Command {
  const command = new Command('aa')
    .summary('measure one path against itself: the noise floor')
    .description(
      'Measures one path of a scenario alone. What two random halves of its requests differ by is the noise floor of this host.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
    .addOption(new Option('--path <name>', 'the path (default: the first one that exists)'))
  return addRunFlags(command)
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter aa hop-ladder\n  hopmeter aa hop-ladder --path gateway --rounds 40',
    )
    .action(async (name: string, flags: RunFlags & { readonly path?: string }) => {
      const scenarioFile = await loadScenario(name)
      const { scenario } = scenarioFile
      const first = planScenario(scenario).paths.find((path) => path.rule.possible)?.name
      const path = flags.path ?? first
      if (path === undefined)
        throw new UsageError(`scenario "${scenario.name}" has no path that can be measured`)
      const finished = await runWithFlags(context, scenarioFile, flags, {
        verify: 'strict',
        control: true,
        paths: [path],
      })
      await presentRun(context, finished, { ...flags, chart: false })
      if (flags.output === 'json') return
      for (const metric of summarizeRun(finished.result).metrics) {
        const table = metric.series === 'warm' ? floorTable(metric) : undefined
        if (table)
          print(
            context,
            flags.output === 'markdown' ? renderMarkdown(table) : `\n${table.title}:\n${renderText(table)}`,
          )
      }
    })
}
