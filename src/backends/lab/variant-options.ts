import { UsageError } from '../../errors.ts'
import { namedValue, requireSeveral, type NameRule } from '../named-value.ts'
import type { EngineChoice } from './engines/engines.ts'
import type { LabVariant, Tuning } from './variants.ts'

/** Programs of the lab as the command line names them: `FILE` for all variants, or `NAME=FILE` for one. */
export interface VariantFlags {
  readonly ztunnel?: readonly string[] | undefined
  readonly envoy?: readonly string[] | undefined
  readonly haproxy?: readonly string[] | undefined
  /** `NAME:key=value,…` */
  readonly variant?: readonly string[] | undefined
}

interface Chosen {
  readonly engines: EngineChoice
  readonly tuning: Tuning
}

/** Our own program, where others are chosen. */
const ownProgram = 'node'
const nameRule: NameRule = {
  noun: 'variant',
  pattern: /^[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?$/,
  allowed: 'up to 20 lower-case letters, digits and inner dashes',
  most: 8,
  where: 'side by side',
  example: '--ztunnel base=FILE --ztunnel pr=FILE; "node" is hopmeter\'s own program',
}

const fileKeys = { ztunnel: 'ztunnel', gateway: 'envoy', 'load-balancer': 'haproxy' } as const
const threadKeys = {
  'ztunnel-threads': 'ztunnelThreads',
  'gateway-threads': 'gatewayThreads',
  'load-balancer-threads': 'loadBalancerThreads',
} as const
const logKey = 'ztunnel-log'
const keys = [...Object.keys(fileKeys), ...Object.keys(threadKeys), logKey]

/**
 * What to put into the lab: one choice of programs, or several variants in the order in which they were first named.
 * @throws UsageError for what is not understood, for one variant alone and for too many.
 */
export function labVariants(flags: VariantFlags): Chosen | { readonly variants: readonly LabVariant[] } {
  const named = new Map<string, Setting[]>()
  const forAll: Setting[] = []
  const add = (name: string | undefined, settings: readonly Setting[]) => {
    if (name === undefined) forAll.push(...settings)
    else named.set(name, [...(named.get(name) ?? []), ...settings])
  }
  for (const [key, flag] of Object.entries(fileKeys)) {
    for (const text of flags[flag] ?? []) {
      const { name, value } = namedValue(text)
      add(name, [{ key, value }])
    }
  }
  for (const text of flags.variant ?? []) add(...parseVariant(text))
  if (named.size === 0) return chosen(forAll)
  requireSeveral([...named.keys()], nameRule)
  return {
    variants: [...named].map(([name, settings]) => ({
      name,
      settings: Object.fromEntries(settings.map(({ key, value }) => [key, shown(key, value)])),
      ...chosen([...forAll, ...settings]),
    })),
  }
}

/** A value without the names of the user's files; results keep it. */
export function shownProgram(value: string): string {
  return value.includes('/') ? 'FILE' : value
}

/** `NAME:key=value,…` without the names of the user's files. @throws UsageError for what is not understood */
export function shownVariant(text: string): string {
  const [name, settings] = parseVariant(text)
  return `${name}:${settings.map(({ key, value }) => `${key}=${shown(key, value)}`).join(',')}`
}

interface Setting {
  readonly key: string
  readonly value: string
}

function shown(key: string, value: string): string {
  return key in fileKeys ? shownProgram(value) : value
}

/** Later settings win: those of a variant come after those for all. */
function chosen(settings: readonly Setting[]): Chosen {
  const last = new Map(settings.map(({ key, value }) => [key, value]))
  const engines = Object.entries(fileKeys).flatMap(([key, engine]) => {
    const file = last.get(key)
    return file === undefined || file === ownProgram ? [] : [[engine, file] as const]
  })
  const threads = Object.entries(threadKeys).flatMap(([key, name]) => {
    const count = last.get(key)
    return count === undefined ? [] : [[name, threadCount(key, count)] as const]
  })
  const log = last.get(logKey)
  const tuning: Tuning = { ...Object.fromEntries(threads), ...(log === undefined ? {} : { ztunnelLog: log }) }
  const made = { engines: Object.fromEntries(engines) as EngineChoice, tuning }
  requireReal(made)
  return made
}

/** `NAME:key=value,key=value`; a comma that no key follows belongs to the value. */
function parseVariant(text: string): [name: string, settings: Setting[]] {
  const [, name = '', rest = ''] = /^([^:]*):(.*)$/s.exec(text) ?? []
  if (name === '' || rest === '') {
    throw new UsageError(`"${text}" does not name a variant`, {
      hint: `write NAME:key=value,…, e.g. one:ztunnel-threads=1; keys are ${keys.join(', ')}`,
    })
  }
  const settings = rest.split(new RegExp(`,(?=(?:${keys.join('|')})=)`)).map((part): Setting => {
    const [, key = part, value = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? []
    if (!keys.includes(key) || value === '') {
      throw new UsageError(`variant "${name}": "${part}" is no setting`, {
        hint: `keys are ${keys.join(', ')}`,
      })
    }
    return { key, value }
  })
  return [name, settings]
}

/** Programs of our own have no such settings, and what is not set must not be believed to be. */
function requireReal({ engines, tuning }: Chosen): void {
  const needs: readonly (readonly [setting: string, isSet: boolean, program: string, isReal: boolean])[] = [
    ['ztunnel-threads', tuning.ztunnelThreads !== undefined, '--ztunnel', engines.ztunnel !== undefined],
    [logKey, tuning.ztunnelLog !== undefined, '--ztunnel', engines.ztunnel !== undefined],
    ['gateway-threads', tuning.gatewayThreads !== undefined, '--envoy', engines.envoy !== undefined],
    [
      'load-balancer-threads',
      tuning.loadBalancerThreads !== undefined,
      '--haproxy',
      engines.haproxy !== undefined,
    ],
  ]
  const missing = needs.find(([, isSet, , isReal]) => isSet && !isReal)
  if (!missing) return
  const [setting, , program] = missing
  throw new UsageError(`${setting} is a setting of a program that is not hopmeter's own`, {
    hint: `name it with ${program}`,
  })
}

function threadCount(key: string, text: string): number {
  const count = Number(text)
  if (!/^\d{1,3}$/.test(text) || count < 1) throw new UsageError(`${key}: expected 1 to 999, got "${text}"`)
  return count
}
