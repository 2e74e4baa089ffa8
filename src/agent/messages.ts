import { driverNames, drivers, type DriverLoad } from './drivers/drivers.ts'
import {
  boolean,
  headerText,
  integer,
  isFields,
  MessageError,
  number,
  object,
  oneOf,
  optional,
  positive,
  shown,
  text,
  words,
  wrong,
  type Fields,
} from './fields.ts'
import type { LoadRequest } from './load-protocol.ts'
import {
  agentProtocolVersion,
  type ServeConfig,
  type ServeFaults,
  type ServeStatsRequest,
  type Target,
} from './protocol.ts'

const maxTimeoutMs = 120_000
const maxBodyBytes = 16 * 1024 * 1024

/** @throws MessageError */
export function parseServeConfig(line: string): ServeConfig {
  const fields = parseFields(line)
  expectType(fields, ['serve'])
  const faults = optional(fields, 'faults', serveFaults)
  const faultsByPath = optional(fields, 'faultsByPath', (of, name) => {
    const byPath = object(of, name)
    return Object.fromEntries(Object.keys(byPath).map((path) => [path, serveFaults(byPath, path)]))
  })
  return {
    type: 'serve',
    version: version(fields),
    host: text(fields, 'host'),
    port: integer(fields, 'port', 0, 65_535),
    cluster: headerText(fields, 'cluster'),
    pod: headerText(fields, 'pod'),
    ...(faults === undefined ? {} : { faults }),
    ...(faultsByPath === undefined ? {} : { faultsByPath }),
  }
}

/** @throws MessageError */
export function parseStatsRequest(line: string): ServeStatsRequest {
  expectType(parseFields(line), ['stats'])
  return { type: 'stats' }
}

/** @throws MessageError */
export function parseLoadRequest(line: string): LoadRequest {
  const fields = parseFields(line)
  const type = expectType(fields, ['open', 'turn', 'close'])
  if (type === 'close') return { type }
  if (type === 'turn') {
    return {
      type,
      id: integer(fields, 'id', 0, Number.MAX_SAFE_INTEGER),
      seed: integer(fields, 'seed', 0, Number.MAX_SAFE_INTEGER),
      durationMs: positive(fields, 'durationMs', 24 * 3600 * 1000),
      flood: optional(fields, 'flood', boolean) ?? false,
    }
  }
  return {
    type: 'open',
    version: version(fields),
    load: driverLoad(object(fields, 'load')),
    targets: targets(fields),
    timeoutMs: positive(fields, 'timeoutMs', maxTimeoutMs),
    check: optional(fields, 'check', (of, name) => oneOf(of, name, ['echo', 'status'] as const)) ?? 'echo',
    halves: optional(fields, 'halves', boolean) ?? false,
  }
}

function parseFields(line: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new MessageError(`not a line of JSON: ${shown(line)}`)
  }
  if (!isFields(value)) throw new MessageError(`not a JSON object: ${shown(line)}`)
  return value
}

function expectType<T extends string>(fields: Fields, types: readonly T[]): T {
  return oneOf(fields, 'type', types)
}

function version(fields: Fields): number {
  const asked = integer(fields, 'version', 0, Number.MAX_SAFE_INTEGER)
  if (asked !== agentProtocolVersion) {
    throw new MessageError(`this agent speaks protocol version ${agentProtocolVersion}, not ${asked}`)
  }
  return asked
}

function serveFaults(fields: Fields, name: string): ServeFaults {
  const of = object(fields, name)
  const us = (field: string) => optional(of, field, (f, n) => number(f, n, 0, maxTimeoutMs * 1000))
  return {
    delayUs: us('delayUs'),
    firstRequestDelayUs: us('firstRequestDelayUs'),
    stall: optional(of, 'stall', (f, n) => {
      const stall = object(f, n)
      const everyMs = positive(stall, 'everyMs', maxTimeoutMs)
      return { everyMs, forMs: number(stall, 'forMs', 0, everyMs) }
    }),
    finEvery: optional(of, 'finEvery', (f, n) => integer(f, n, 1, Number.MAX_SAFE_INTEGER)),
  }
}

function driverLoad(of: Fields): DriverLoad {
  const sizes = {
    requestBytes: integer(of, 'requestBytes', 0, maxBodyBytes),
    responseBytes: integer(of, 'responseBytes', 0, maxBodyBytes),
  }
  return drivers[oneOf(of, 'profile', driverNames)].read(of, sizes)
}

function targets(fields: Fields): Target[] {
  const { targets: list } = fields
  if (!Array.isArray(list) || list.length === 0)
    throw wrong('targets', 'a list with at least one target', list)
  const parsed = list.map((one: unknown, i): Target => {
    if (!isFields(one)) throw wrong(`targets[${i}]`, 'an object', one)
    const httpPath = optional(one, 'httpPath', text)
    const authority = optional(one, 'authority', headerText)
    const authorization = optional(one, 'authorization', authorizationText)
    const dialer = optional(one, 'dialer', words)
    if (httpPath !== undefined && !/^[\x21-\x7e]+$/.test(httpPath)) {
      throw wrong('httpPath', 'a request target without spaces, escaped to ASCII', httpPath)
    }
    return {
      path: text(one, 'path'),
      host: text(one, 'host'),
      port: integer(one, 'port', 1, 65_535),
      ...(httpPath === undefined ? {} : { httpPath }),
      ...(authority === undefined ? {} : { authority }),
      ...(dialer === undefined ? {} : { dialer }),
      ...(authorization === undefined ? {} : { authorization }),
    }
  })
  const names = new Set(parsed.map(({ path }) => path))
  if (names.size < parsed.length) throw new MessageError('targets have the same path name twice')
  return parsed
}

/** A secret: what is wrong with it is said without it. */
function authorizationText(of: Fields, name: string): string {
  const value = of[name]
  if (typeof value !== 'string' || !/^[\x20-\x7e]{1,4096}$/.test(value)) {
    throw new MessageError(`${name}: expected at most 4096 characters of printable ASCII`)
  }
  return value
}
