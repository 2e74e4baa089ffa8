import { InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../scenario/duration.ts'
import { metricNames } from '../analysis/metrics.ts'
import { isEmpty } from './empty-values.ts'

export const outputFormats = ['text', 'json', 'markdown'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** `-o, --output`, on every verb that prints data. */
export function outputOption(formats: readonly OutputFormat[] = ['text', 'json']): Option {
  return new Option('-o, --output <format>', 'how to print the result')
    .choices([...formats])
    .default('text')
    .env('HOPMETER_OUTPUT')
}

/** `--results`, on every verb that reads or writes runs. */
export function resultsOption(): Option {
  return new Option('--results <dir>', 'folder that holds the runs')
    .default('results')
    .env('HOPMETER_RESULTS')
}

/** Another spelling of an option, taken as well and not documented. */
export function otherSpelling(flags: string): Option {
  return new Option(flags).hideHelp()
}

/** Where a verb works unless it is told. */
export const defaultBackend = 'lab'

export function backendOption(): Option {
  return new Option('--backend <name>', 'where to run')
    .choices(['lab', 'kind', 'contexts'])
    .default(defaultBackend)
    .env('HOPMETER_BACKEND')
}

/** Parser for counts of 1 or more. */
export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('expected a whole number of 1 or more')
  }
  return value
}

const mostClients = 100

/** Parser for numbers of client pods: each needs a process here and a pod there. */
export function clientCount(text: string): number {
  const value = positiveInteger(text)
  if (value > mostClients) throw new InvalidArgumentError(`expected a number from 1 to ${mostClients}`)
  return value
}

/** Parser for seeds: 32-bit, so that every part of the program can hold one. */
export function seedNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 0xffff_ffff) {
    throw new InvalidArgumentError('expected a whole number from 0 to 4294967295')
  }
  return value
}

/** Parser for Go durations such as `500ms`, `5s`, `2m`; gives milliseconds. */
export function durationMs(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined)
    throw new InvalidArgumentError('expected a duration with a unit, such as 500ms, 5s or 2m')
  return ms
}

/** What `--delta` says: of what is given, all must hold. */
export interface Delta {
  readonly deltaNs?: number
  readonly deltaShare?: number
}

/** `--delta`, on verbs that give verdicts. */
export function deltaOption(): Option {
  return new Option(
    '--delta <margin>',
    'differences inside ± this do not matter: a time, a share of the path compared with, or both (5us, 1%, 5us,1%)',
  )
    .argParser(deltaOf)
    .default({}, '5us')
    .env('HOPMETER_DELTA')
}

function deltaOf(text: string): Delta {
  const parts = text.split(',').map((part): Delta => {
    const share = /^(\d+(?:\.\d+)?)%$/.exec(part.trim())?.[1]
    return share === undefined
      ? { deltaNs: durationMs(part.trim()) * 1e6 }
      : { deltaShare: Number(share) / 100 }
  })
  return Object.assign({}, ...parts) as Delta
}

/** `--metric`, on verbs that show measured times. */
export function metricOption(): Option {
  return new Option(
    '--metric <name>',
    `which time to show: ${metricNames.join(', ')} (repeatable; default: those that the load is for)`,
  )
    .argParser((text: string, previous: readonly string[]) => {
      if (metricNames.includes(text)) return [...previous, text]
      throw new InvalidArgumentError(`"${text}" is none of ${metricNames.join(', ')}`)
    })
    .default([], 'those that the load is for')
}

/** Collects a repeatable option of the form `path=value`. */
export function collectAssignments(text: string, previous: readonly string[]): readonly string[] {
  keyValue(text)
  return [...previous, text]
}

/** Collects versions; several can also be one word, with commas or blanks between them. */
export function collectVersions(text: string, previous: readonly string[]): readonly string[] {
  return [...previous, ...text.split(/[\s,]+/).filter((version) => version !== '')]
}

/** Collects a repeatable option. */
export function collect(text: string, previous: readonly string[]): readonly string[] {
  return [...previous, text]
}

/** Collects `--label key=value`; a value may hold further signs of equality, and must hold something. */
export function keyValue(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=')
  const [key, value] = [text.slice(0, at), text.slice(at + 1)]
  if (at < 1 || isEmpty(key)) throw new InvalidArgumentError('expected KEY=VALUE')
  if (isEmpty(value)) throw new InvalidArgumentError(`"${key}" has no value`)
  // A key of any name is a key of the object itself.
  return Object.fromEntries([...Object.entries(previous), [key, value]])
}
