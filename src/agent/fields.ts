/** A line on standard input that is not what the protocol allows; the message says what was expected. */
export class MessageError extends Error {
  override name = 'MessageError'
}

/** What a line of the protocol holds, and what lies in it; nothing of it can be trusted. */
export type Fields = Readonly<Record<string, unknown>>

export function optional<T>(of: Fields, name: string, read: (of: Fields, name: string) => T): T | undefined {
  return of[name] === undefined ? undefined : read(of, name)
}

export function object(of: Fields, name: string): Fields {
  const value = of[name]
  if (!isFields(value)) throw wrong(name, 'an object', value)
  return value
}

export function text(of: Fields, name: string): string {
  const value = of[name]
  if (typeof value !== 'string' || value === '' || value.length > 255) {
    throw wrong(name, 'a text of 1 to 255 characters', value)
  }
  return value
}

export function words(of: Fields, name: string): readonly string[] {
  const value = of[name]
  const isWord = (word: unknown): word is string => typeof word === 'string' && word !== ''
  if (!Array.isArray(value) || value.length === 0 || !value.every(isWord)) {
    throw wrong(name, 'a program and its arguments', value)
  }
  return value
}

export function boolean(of: Fields, name: string): boolean {
  const value = of[name]
  if (typeof value !== 'boolean') throw wrong(name, 'true or false', value)
  return value
}

/** Text that can be the value of a header field. */
export function headerText(of: Fields, name: string): string {
  const value = text(of, name)
  if (!/^[\x21-\x7e]+$/.test(value)) throw wrong(name, 'printable ASCII without spaces', value)
  return value
}

export function number(of: Fields, name: string, min: number, max: number): number {
  const value = of[name]
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw wrong(name, `a number from ${min} to ${max}`, value)
  }
  return value
}

export function integer(of: Fields, name: string, min: number, max: number): number {
  const value = number(of, name, min, max)
  if (!Number.isInteger(value)) throw wrong(name, 'a whole number', value)
  return value
}

export function positive(of: Fields, name: string, max: number): number {
  const value = number(of, name, 0, max)
  if (value === 0) throw wrong(name, 'a number above 0', value)
  return value
}

export function oneOf<T extends string>(of: Fields, name: string, values: readonly T[]): T {
  const found = values.find((value) => value === of[name])
  if (found === undefined) throw wrong(name, values.map((v) => `"${v}"`).join(' or '), of[name])
  return found
}

export function wrong(name: string, expected: string, got: unknown): MessageError {
  return new MessageError(`"${name}" must be ${expected}, not ${shown(JSON.stringify(got) ?? 'missing')}`)
}

export function shown(value: string): string {
  return value.length > 200 ? `${value.slice(0, 200)}...` : value
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
