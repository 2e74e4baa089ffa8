import type { z } from 'zod'
import { journalEvent, runHeader, type JournalEvent, type RunHeader } from '../schema.ts'
import { encoded, sampleEvents } from './sample-run.ts'
import { oneAfterAnother, sideBySide } from './sample-variants.ts'

/** What strangers put into texts: commands of terminals, what reorders or hides text, and markup of every output. */
export const payloads: readonly string[] = [
  '\u001b[31m\u001b[2J',
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u001b]0;title\u001b\\',
  '\u009b31m\u0090q\u009c',
  '\r\u001b[A\b\b',
  '\u202e\u2066\u200f\u061c',
  '\u200b\u2060\ufeff\u{e0041}\u00ad',
  '\u2028\u2029\u0085\v\f',
  '\0\u007f\ud800',
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '"\'onmouseover=alert(1) `',
  '](javascript:alert(1))|```\n# heading\n',
  '=cmd()|@SUM(1)\t+1',
  '__proto__',
]

/** The same text always becomes the same hostile text, so that names go on meaning each other. */
type Disguise = (text: string) => string

function disguise(first: number): Disguise {
  const known = new Map<string, string>()
  const hide: Disguise = (text) => {
    // A path of a variant is called by both their names.
    const [, path, variant] = /^([^@]+)@([^@]+)$/.exec(text) ?? []
    if (path !== undefined && variant !== undefined) return `${hide(path)}@${hide(variant)}`
    const place = (first + known.size) % payloads.length
    const hostile = known.get(text) ?? `${payloads[place]}${text}${payloads[(place + 5) % payloads.length]}`
    known.set(text, hostile)
    return hostile
  }
  return hide
}

/**
 * The events of a run that passes every check, with a hostile text in each place where the schema takes any text,
 * optional fields included; of three one is of variants, and one of such that stood in turn. A field added to the schema is covered without anybody thinking of it.
 */
export function hostileEvents(first: number, options: { readonly rounds?: number } = {}): JournalEvent[] {
  const at = '2026-11-23T01:02:03.000Z'
  const events = sampleEvents({ rounds: options.rounds ?? 2, requests: 20 })
  const forms = [events, sideBySide(events), oneAfterAnother(events)]
  const [header, build, ...rest] = forms[first % forms.length]!
  const [path] = (header as RunHeader).paths
  const evidence = rest.flatMap((event) => (event.type === 'round' ? event.evidence : [])).slice(0, 6)
  const plain: JournalEvent[] = [
    header!,
    build!,
    { type: 'proof', build: 1, at, load: 'pingpong', evidence },
    ...rest.slice(0, -1),
    { type: 'unreachable', build: 1, path: path!.name, at, confirmed: false, observed: 'x', afterMs: 5 },
    { type: 'note', at, level: 'error', message: 'note' },
    { type: 'end', at, status: first % 2 === 0 ? 'complete' : 'failed', reason: 'reason' },
  ]
  const hide = disguise(first)
  return plain.map((event) => {
    const schema = journalEvent.options.find((option) => option.shape.type.value === event.type)!
    return fill(schema, event, hide) as JournalEvent
  })
}

/** The header's id, which is no free text. */
export function idOf(events: readonly JournalEvent[]): string {
  return (events[0] as RunHeader).id
}

/** Names in these must be those of other fields, and numbers those of a histogram. */
const onlyIfThere = new Set([
  ...['controlOf', 'coldQuantilesNs', 'extraQuantilesNs', 'turns'],
  ...['variants', 'variant', 'scenarioPath', 'switched'],
])

interface Definition {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly valueType?: z.ZodType
  readonly entries?: Readonly<Record<string, string>>
  readonly values?: readonly unknown[]
  readonly checks?: readonly z.core.$ZodCheck[]
}

function fill(schema: z.ZodType, sample: unknown, hide: Disguise): unknown {
  const def = schema.def as unknown as Definition
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return sample === null ? null : fill(def.innerType!, sample, hide)
    case 'object': {
      const shape = (schema as z.ZodObject).shape as Readonly<Record<string, z.ZodType>>
      const entries = Object.entries(shape).flatMap(([key, field]) => {
        const own = (sample as Record<string, unknown> | undefined)?.[key]
        if (own === undefined && onlyIfThere.has(key)) return []
        return [[key, fill(field, own, hide)]]
      })
      return { ...(sample as object | undefined), ...Object.fromEntries(entries) }
    }
    case 'array':
      return Array.isArray(sample)
        ? sample.map((item) => fill(def.element!, item, hide))
        : [fill(def.element!, undefined, hide)]
    case 'record': {
      const entries = Object.entries((sample ?? {}) as Record<string, unknown>)
      return Object.fromEntries(
        [...entries, ['key', undefined] as const].map(([key, value]) => [
          hide(key),
          fill(def.valueType!, value, hide),
        ]),
      )
    }
    case 'string':
      return textOf(def, sample, hide)
    case 'enum':
      return sample ?? Object.values(def.entries!)[0]
    case 'literal':
      return sample ?? def.values![0]
    case 'boolean':
      return sample ?? true
    default:
      return sample ?? 1
  }
}

function textOf({ checks = [] }: Definition, sample: unknown, hide: Disguise): unknown {
  const kinds = checks.map(({ _zod: { def } }) => def.check)
  // A moment or an id has a form; what has not even a longest length is a histogram.
  if (kinds.some((kind) => kind !== 'max_length')) return sample ?? '2026-11-23T01:02:03.000Z'
  if (kinds.length === 0) return sample ?? encoded([1000])
  return hide(typeof sample === 'string' ? sample : 'text')
}

/** Fields of the header that hold any text, to see that the walk over the schema finds them. */
export function textsOfHeader(header: RunHeader): readonly string[] {
  const texts: string[] = []
  const walk = (value: unknown) => {
    if (typeof value === 'string') texts.push(value)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk)
  }
  walk(runHeader.parse(header))
  return texts
}
