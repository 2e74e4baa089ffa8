import { readFileSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'

/**
 * What help and completion say of a verb, as data. The build writes the outlines of all verbs beside the program, so
 * that neither has to load a verb, and with it all that the verb needs to do its work.
 */
export interface Outline {
  readonly name: string
  readonly summary: string
  readonly arguments: readonly { readonly flags: string; readonly choices?: readonly string[] }[]
  readonly options: readonly {
    readonly flags: string
    readonly description: string
    readonly isHidden: boolean
    readonly choices?: readonly string[]
  }[]
  readonly verbs: readonly Outline[]
}

export function outlineOf(command: Command): Outline {
  return {
    name: command.name(),
    summary: command.summary(),
    arguments: command.registeredArguments.map((argument) => ({
      flags: argumentFlags(argument),
      ...(argument.argChoices ? { choices: argument.argChoices } : {}),
    })),
    options: command.options.map(({ flags, description, hidden, argChoices }) => ({
      flags,
      description,
      isHidden: hidden,
      ...(argChoices ? { choices: argChoices } : {}),
    })),
    verbs: command.commands.map(outlineOf),
  }
}

/** A command that is listed and completed like the one that it outlines, and cannot do its work. */
export function fromOutline(outline: Outline): Command {
  const command = new Command(outline.name).summary(outline.summary)
  for (const { flags, choices } of outline.arguments) {
    const argument = new Argument(flags)
    command.addArgument(choices ? argument.choices(choices) : argument)
  }
  for (const { flags, description, isHidden, choices } of outline.options) {
    const option = new Option(flags, description).hideHelp(isHidden)
    command.addOption(choices ? option.choices(choices) : option)
  }
  for (const verb of outline.verbs) command.addCommand(fromOutline(verb))
  return command.action(() => {
    throw new Error(`${outline.name} was asked for and not loaded`)
  })
}

/** The outlines that the build wrote, by verb; none when run from source. */
export function builtOutlines(): ReadonlyMap<string, Outline> {
  let text: string
  try {
    text = readFileSync(new URL('outline.json', import.meta.url), 'utf8')
  } catch {
    return new Map()
  }
  return new Map((JSON.parse(text) as Outline[]).map((outline) => [outline.name, outline]))
}

function argumentFlags(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}
