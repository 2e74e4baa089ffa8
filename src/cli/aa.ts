import { Command, Option } from 'commander'
import { planScenario } from '../backends/plan.ts'
import { UsageError } from '../errors.ts'
import { loadScenario } from '../scenario/load.ts'
import type { CliContext } from './context.ts'
import { addRunFlags, presentRun, runWithFlags, type RunFlags } from './run-flags.ts'

/** `hopmeter aa`: one path twice; whatever difference shows is noise. */
export function aaVerb(context: CliContext): Command {
  const command = new Command('aa')
    .summary('measure one path twice, interleaved: the noise floor')
    .description(
      'Measures one path of a scenario twice, interleaved. Whatever difference shows is the noise floor of this host.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
    .addOption(new Option('--path <name>', 'the path (default: the first one that exists)'))
  return addRunFlags(command)
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter aa hop-ladder\n  hopmeter aa hop-ladder --path gateway --rounds 40',
    )
    .action(async (name: string, flags: RunFlags & { readonly path?: string }) => {
      const { scenario } = await loadScenario(name)
      const first = planScenario(scenario).paths.find((path) => path.rule.possible)?.name
      const path = flags.path ?? first
      if (path === undefined)
        throw new UsageError(`scenario "${scenario.name}" has no path that can be measured`)
      const finished = await runWithFlags(context, name, flags, {
        verify: 'strict',
        control: true,
        paths: [path],
      })
      await presentRun(context, finished, { ...flags, chart: false })
    })
}
