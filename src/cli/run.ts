import { Command, Option } from 'commander'
import type { VerifyMode } from '../measure/options.ts'
import { UsageError } from '../errors.ts'
import { reproduceArguments } from '../report/words/reproduce.ts'
import { openRun } from '../results/store.ts'
import { loadScenario, parseScenario } from '../scenario/load.ts'
import type { CliContext } from './context.ts'
import { collect } from './options.ts'
import { addRunFlags, presentRun, runWithFlags, type RunFlags } from './run-flags.ts'

interface Flags extends RunFlags {
  readonly verify: VerifyMode
  readonly control: boolean
  readonly path: readonly string[]
  /** A run that ended early. */
  readonly resume?: string
}

const examples = `
Examples:
  hopmeter run hop-ladder
  hopmeter run hop-ladder --builds 3 --rounds 40 --seed 7
  hopmeter run mixed --path east-to-west --label host=quiet
  hopmeter run my-own.yaml --verify warn -o json
  hopmeter run hop-ladder --backend kind --istio 1.30.3 --istio 1.31.0
  hopmeter run --resume latest          # after Ctrl-C, a crash or a reboot`

/** Flags that change no number, or that results do not keep because they name the user's own files and contexts. */
const mayBeSaidAgain = [
  'resume',
  'results',
  'output',
  'quiet',
  'chart',
  'strict',
  'keep',
  'kubeconfig',
  'context',
  'gatewayApi',
]

/**
 * The run to go on with, and the flags that it was started with.
 * @throws UsageError for flags that would make it another run; ResultError when there is no such run.
 */
async function toResume(context: CliContext, command: Command, given: Flags) {
  const said = command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli')
  const other = said.find((name) => !mayBeSaidAgain.includes(name))
  if (other !== undefined) {
    const flag = command.options.find((option) => option.attributeName() === other)?.long ?? other
    throw new UsageError(`${flag} cannot be changed in the middle of a run`, {
      hint: 'a resumed run has all the flags that it was started with',
    })
  }
  const { result, path } = await openRun(given.results, given.resume ?? '')
  const again = runVerb(context)
    .exitOverride()
    .action(() => {})
  again.parse(reproduceArguments(result).slice(1), { from: 'user' })
  const kept = Object.fromEntries(said.map((name) => [name, command.getOptionValue(name) as unknown]))
  return { flags: { ...again.opts<Flags>(), ...kept }, resume: { result, directory: path } }
}

/** `hopmeter run`: measure a scenario and keep the result. */
export function runVerb(context: CliContext): Command {
  const command = new Command('run')
    .summary('run a scenario: measure, prove the path, keep the result')
    .description(
      'Stands the testbed of a scenario up, measures every path, proves which components carried it, keeps the result.',
    )
    .argument('[scenario]', 'name of a scenario, a YAML file, or - for standard input')
    .option('--resume <run>', 'go on with a run that ended early, with all that it was asked')
    .addOption(
      new Option(
        '--verify <mode>',
        'strict: stop when a path is not as expected; warn, off: mark the result (default of several versions: warn)',
      )
        .choices(['strict', 'warn', 'off'])
        .default('strict')
        .env('HOPMETER_VERIFY'),
    )
    .addOption(
      new Option('--path <name>', 'measure only this path (repeatable)')
        .argParser(collect)
        .default([], 'all'),
    )
    .option('--no-control', 'do not tell random halves of requests apart: no noise floors')
  return addRunFlags(command)
    .addHelpText('after', examples)
    .action(async (name: string | undefined, given: Flags) => {
      if ((name === undefined) === (given.resume === undefined)) {
        throw new UsageError('say which scenario to run, or which run to go on with', {
          hint: 'hopmeter run hop-ladder, or hopmeter run --resume latest',
        })
      }
      const { flags, resume } =
        given.resume === undefined ? { flags: given } : await toResume(context, command, given)
      const { control, path } = flags
      // What nobody asked for is for the run to choose: several versions may take different paths.
      const isAsked = given.resume !== undefined || command.getOptionValueSource('verify') !== 'default'
      const verify = isAsked ? flags.verify : undefined
      const scenarioFile = resume
        ? parseScenario(resume.result.scenario.text, `the scenario of ${resume.result.id}`)
        : await loadScenario(name ?? '')
      const finished = await runWithFlags(context, scenarioFile, flags, {
        verify,
        control,
        paths: path,
        resume,
      })
      await presentRun(context, finished, flags)
    })
}
