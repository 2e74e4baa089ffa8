import { Command } from 'commander'
import { hopmeterVersion } from '../version.ts'
import { commanderOutput, type CliContext } from './context.ts'
import { refuseEmptyValues } from './empty-values.ts'
import { builtOutlines, fromOutline } from './outline.ts'
import { verbs } from './verbs.ts'

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

/**
 * The whole command line; verbs do their work through the library. Only the verb that `args` name is loaded where the
 * build has written down what help and completion say of the others.
 */
export async function createProgram(context: CliContext, args: readonly string[]): Promise<Command> {
  const program = new Command('hopmeter')
    .description(description)
    .version(hopmeterVersion, '-V, --version')
    .exitOverride()
    .configureOutput(commanderOutput(context))
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for usage and examples)')
    .addHelpText('after', examples)
  const outlines = builtOutlines()
  const asked = verbIn(args)
  for (const [name, load] of Object.entries(verbs)) {
    const outline = name === asked ? undefined : outlines.get(name)
    const command = outline ? fromOutline(outline) : (await load())(context, program)
    program.addCommand(inheriting(command, program))
  }
  return program
}

/** The program itself has no options with values, so the first word is a verb, or `help` and the next one is. */
function verbIn(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'))
  return first === 'help' ? second : first
}

/** Verbs under a verb are made before it has its settings. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent)
  refuseEmptyValues(command)
  for (const below of command.commands) inheriting(below, command)
  return command
}
