import { z } from 'zod'
import { closest, missing, shown, suggestion } from './suggest.ts'
import { fieldLabel, finding } from './finding.ts'
import { printable } from '../terminal-text.ts'
import type { DataPath, Finding } from './finding.ts'

/**
 * Validates data and words every issue: what was expected, what was there, and a near name for typos.
 * Unknown keys become one finding each, at the key.
 */
export function findIssues(schema: z.ZodType, data: unknown): readonly Finding[] {
  const knownKeys = new Map<string, readonly string[]>()
  const result = schema.safeParse(data, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject) {
        knownKeys.set(fieldLabel(issue.path ?? []), Object.keys(issue.inst.shape))
      }
      return expectation(issue)
    },
  })
  if (result.success) return []
  const misspelt = new Set<string>()
  const unknown = result.error.issues.flatMap((issue): Finding[] => {
    if (issue.code !== 'unrecognized_keys') return []
    const label = fieldLabel(issue.path)
    const known = knownKeys.get(label) ?? []
    return issue.keys.map((key) => {
      misspelt.add(fieldLabel([...issue.path, closest(key, known) ?? '']))
      return finding([...issue.path, key], `unknown key${suggestion(key, known)}`, 'key')
    })
  })
  const rest = result.error.issues
    .filter((issue) => issue.code !== 'unrecognized_keys')
    // `titel` is one mistake, not an unknown key and a missing title.
    .filter((issue) => !(issue.message.startsWith(missing) && misspelt.has(fieldLabel(issue.path))))
    .map((issue) => {
      const found = finding(issue.path, issue.message)
      return isUnquotedText(issue, data)
        ? { ...found, asWritten: (source: string) => quotesMessage(issue.path, source) }
        : found
    })
  return [...unknown, ...rest]
}

type RawIssue = Parameters<z.core.$ZodErrorMap>[0]

/** Undefined leaves zod's own words; fields with a form of their own (names, durations) word theirs in the schema. */
function expectation(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return typeMessage(issue.expected, issue.input)
    case 'invalid_value':
      return valueMessage(issue.values.map(String), issue.input)
    case 'invalid_union':
      return discriminatorMessage(issue)
    case 'too_small':
      return sizeMessage(issue.origin, 'at least', Number(issue.minimum), issue.input)
    case 'too_big':
      return sizeMessage(issue.origin, 'at most', Number(issue.maximum), issue.input)
    default:
      return undefined
  }
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  tuple: 'a list of two names',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
}

function typeMessage(expected: string, input: unknown): string {
  const name = typeNames[expected] ?? expected
  if (input === undefined) return `${missing}: expected ${name}`
  const emptyMap = input === null && expected === 'object' ? ' (write {} for the defaults)' : ''
  return `expected ${name}, got ${shown(input)}${emptyMap}`
}

const expectedText = 'expected text, got'

/** Text that YAML takes for a number, true, false or nothing, because it has no quotes. */
function isUnquotedText(issue: z.core.$ZodIssue, data: unknown): boolean {
  if (issue.code !== 'invalid_type' || issue.expected !== 'string') return false
  // Durations word theirs themselves: what they lack is a unit.
  if (!issue.message.startsWith(expectedText)) return false
  const value = valueAt(data, issue.path)
  return value === null || typeof value === 'number' || typeof value === 'boolean'
}

/** The value would mislead: of `72225e2` nothing is left in 7222500. */
function quotesMessage(path: DataPath, source: string): string {
  return finding(path, `${expectedText} ${printable(source)} (write "${printable(source)}" with quotes)`)
    .message
}

function valueAt(data: unknown, path: DataPath): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
        : undefined,
    data,
  )
}

function valueMessage(values: readonly string[], input: unknown): string {
  const expected = values.length === 1 ? values[0] : `one of ${values.join(', ')}`
  if (input === undefined) return `${missing}: expected ${expected}`
  const meant = typeof input === 'string' && values.length > 1 ? closest(input, values) : undefined
  return `expected ${expected}, got ${shown(input)}${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function discriminatorMessage(issue: RawIssue & { readonly code: 'invalid_union' }): string | undefined {
  if (!('options' in issue) || !issue.options || !issue.discriminator) return undefined
  const value = (issue.input as Readonly<Record<string, unknown>>)[issue.discriminator]
  return valueMessage((issue.options as readonly unknown[]).map(String), value)
}

const countedAs: Readonly<Record<string, string>> = { string: ' character', array: ' item' }

function sizeMessage(origin: string, bound: string, limit: number, input: unknown): string {
  const got = typeof input === 'string' || Array.isArray(input) ? input.length : shown(input)
  const what = countedAs[origin]
  return `expected ${bound} ${limit}${what ?? ''}${what === undefined || limit === 1 ? '' : 's'}, got ${got}`
}
