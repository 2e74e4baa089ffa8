import { InvalidArgumentError, type Command } from 'commander'
import { UsageError } from '../errors.ts'

/**
 * What an unset variable leaves behind (`--context east-1=$CONTEXT`, `HOPMETER_ISTIO=`) is never taken as a value: an
 * empty variable of ours is as if it were not set, and an empty value on the command line is refused.
 */

/** Removes variables of ours that hold nothing. */
export function dropEmptyVariables(env: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('HOPMETER_') && isEmpty(value ?? '')) delete env[name]
  }
}

/** Makes a command, without those below it, refuse empty values of its options and arguments. */
export function refuseEmptyValues(command: Command): void {
  for (const option of command.options) {
    if (!option.required && !option.optional) continue
    const parse = option.parseArg
    option.argParser((text: string, previous: unknown) => {
      if (isEmpty(text)) throw new InvalidArgumentError('The value is empty.')
      return parse ? parse(text, previous) : text
    })
  }
  command.hook('preAction', (_, { args, registeredArguments }) => {
    // What is meant for another program is that program's business.
    const foreign = registeredArguments.findIndex((argument) => argument.name() === 'command')
    const own = foreign < 0 ? args : args.slice(0, foreign)
    const place = own.findIndex(isEmpty)
    if (place >= 0) throw new UsageError(`argument ${place + 1} is empty`)
  })
}

/** Blanks alone name nothing either. */
export function isEmpty(text: string): boolean {
  return text.trim() === ''
}
