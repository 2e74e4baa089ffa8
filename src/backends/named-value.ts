import { UsageError } from '../errors.ts'

/** `NAME=VALUE` of a flag that can be given for one of several; a file before the first sign of equality is no name. */
export function namedValue(text: string): { readonly name: string | undefined; readonly value: string } {
  const [, name, value = text] = /^([^/=]+)=(.+)$/s.exec(text) ?? []
  return { name, value }
}

/** What the names of one kind of things that stand beside each other may be. */
export interface NameRule {
  /** e.g. `variant`. */
  readonly noun: string
  readonly pattern: RegExp
  /** The pattern in words. */
  readonly allowed: string
  readonly most: number
  /** e.g. `side by side`. */
  readonly where: string
  /** How another one is named. */
  readonly example: string
}

/** @throws UsageError unless there are several of them, not too many, and each has a name that can be one. */
export function requireSeveral(names: readonly string[], rule: NameRule): void {
  const wrong = names.find((name) => !rule.pattern.test(name))
  if (wrong !== undefined) {
    throw new UsageError(`"${wrong}" cannot be the name of a ${rule.noun}`, { hint: rule.allowed })
  }
  if (names.length === 1) {
    throw new UsageError(`${rule.noun} "${names[0]}" stands alone: there is nothing to compare it with`, {
      hint: `name another, e.g. ${rule.example}`,
    })
  }
  if (names.length > rule.most) {
    throw new UsageError(`${names.length} ${rule.noun}s ${rule.where} are more than ${rule.most}`, {
      hint: `measure them in several runs, each with the first ${rule.noun} again`,
    })
  }
}
