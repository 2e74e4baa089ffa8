import { Command } from 'commander'
import { textTable } from '../report/render/text/table.ts'
import { listScenarios } from '../scenario/load.ts'
import { print, printJson, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'

/** `hopmeter list`: the named scenarios. */
export function listVerb(context: CliContext): Command {
  return new Command('list')
    .summary('list the named scenarios')
    .description('Lists the scenarios that come with hopmeter.')
    .addOption(outputOption())
    .addHelpText('after', '\nExamples:\n  hopmeter list\n  hopmeter list -o json')
    .action(async ({ output }: { output: OutputFormat }) => {
      const scenarios = (await listScenarios()).map(({ scenario, hash }) => ({
        name: scenario.name,
        title: scenario.title,
        components: scenario.paths.map((path) => path.expect),
        hash,
      }))
      if (output === 'json') {
        printJson(context, scenarios)
        return
      }
      const rows = scenarios.map((s) => [s.name, s.components.join(' '), s.title])
      print(context, textTable(['NAME', 'COMPONENTS', 'WHAT IT SHOWS'], rows))
    })
}
