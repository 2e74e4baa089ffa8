import { Command, Option } from 'commander'
import type { VerifyMode } from '../measure/options.ts'
import type { CliContext } from './context.ts'
import { collect } from './options.ts'
import { addRunFlags, presentRun, runWithFlags, type RunFlags } from './run-flags.ts'

interface Flags extends RunFlags {
  readonly verify: VerifyMode
  readonly control: boolean
  readonly path: readonly string[]
}

const examples = `
Examples:
  hopmeter run hop-ladder
  hopmeter run hop-ladder --builds 3 --rounds 40 --seed 7
  hopmeter run mixed --path east-to-west --label host=quiet
  hopmeter run my-own.yaml --verify warn -o json`

/** `hopmeter run`: measure a scenario and keep the result. */
export function runVerb(context: CliContext): Command {
  const command = new Command('run')
    .summary('run a scenario: measure, prove the path, keep the result')
    .description(
      'Stands the testbed of a scenario up, measures every path, proves which components carried it, keeps the result.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
    .addOption(
      new Option('--verify <mode>', 'strict: stop when a path is not as expected; warn, off: mark the result')
        .choices(['strict', 'warn', 'off'])
        .default('strict')
        .env('HOPMETER_VERIFY'),
    )
    .addOption(
      new Option('--path <name>', 'measure only this path (repeatable)')
        .argParser(collect)
        .default([], 'all'),
    )
    .option('--no-control', 'do not measure one path twice as the A/A control')
  return addRunFlags(command)
    .addHelpText('after', examples)
    .action(async (name: string, flags: Flags) => {
      const { verify, control, path } = flags
      const finished = await runWithFlags(context, name, flags, { verify, control, paths: path })
      await presentRun(context, finished, flags)
    })
}
