import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { ScenarioError } from '../errors.ts'
import { pathRule } from '../topology/path-rule.ts'
import { checkScenario } from './check.ts'
import { parseScenario } from './load.ts'
import { validText } from './testing/texts.ts'

/** True when the text is a scenario, or is refused in the one way that callers handle. */
function isJudged(text: string): boolean {
  try {
    const { scenario } = parseScenario(text, 'fuzz.yaml')
    return scenario.paths.every((path) => {
      const rule = pathRule(scenario.topology, path)
      return rule.possible ? path.expect === rule.hops : path.expect === 'unreachable'
    })
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    const lines = text.split('\n').length
    return (
      error.problems.length > 0 &&
      error.problems.every(
        (p) =>
          p.line >= 1 && p.line <= lines && p.column >= 1 && p.message !== '' && !/\p{C}/u.test(p.message),
      )
    )
  }
}

/** Values at home in scenarios, and values that are not. */
const strange = fc.oneof(
  fc.constantFrom(
    'east-1',
    'east',
    'west',
    '10.10.0.0/16',
    '5ms',
    'unreachable',
    'pingpong',
    '__proto__',
    '',
  ),
  fc.constantFrom(null, true, 0, 1, 2, 4, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.array(fc.constantFrom('east-1', 'east', 3), { maxLength: 3 }),
  fc.dictionary(
    fc.constantFrom('name', 'cluster', 'node', 'profile', '__proto__', 'constructor', ''),
    fc.anything(),
  ),
  fc.anything(),
)

const fields = [...listFields(parse(validText) as unknown)]

function* listFields(data: unknown, at: readonly string[] = []): Generator<readonly string[]> {
  if (typeof data !== 'object' || data === null) return
  for (const [key, value] of Object.entries(data)) {
    yield [...at, key]
    yield* listFields(value, [...at, key])
  }
}

/** The valid scenario with a field set to something else, or renamed, or removed. */
function mutated(
  edits: readonly { field: readonly string[]; how: 'set' | 'drop' | 'rename'; value: unknown }[],
) {
  const data = parse(validText) as Record<string, unknown>
  for (const { field, how, value } of edits) {
    let parent: Record<string, unknown> | undefined = data
    for (const key of field.slice(0, -1)) {
      const next: unknown = parent?.[key]
      parent = typeof next === 'object' && next !== null ? (next as Record<string, unknown>) : undefined
    }
    const key = field.at(-1)!
    if (!parent || !Object.hasOwn(parent, key)) continue
    if (Array.isArray(parent)) {
      parent.splice(Number(key), 1, ...(how === 'set' ? [value] : []))
      continue
    }
    if (how === 'rename') parent[`${key}x`] = parent[key]
    if (how === 'set') parent[key] = value
    else delete parent[key]
  }
  return data
}

const edits = fc.array(
  fc.record({
    field: fc.constantFrom(...fields),
    how: fc.constantFrom('set' as const, 'drop' as const, 'rename' as const),
    value: strange,
  }),
  { maxLength: 3 },
)

it('whatever the text, it is a scenario or refused with places inside it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(isJudged(text)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

it('so is text made of YAML punctuation', () => {
  const unit = fc.constantFrom(
    '\n',
    ' ',
    '  ',
    '- ',
    ': ',
    '? ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a',
    '!t ',
    '|',
    '>',
    '"',
    "'",
    '#',
    '---\n',
    '<<',
    '%',
    '\t',
    'a',
    '1',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
      expect(isJudged(text)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

it('so is the valid text with something cut out, doubled or put in', () => {
  const at = fc.nat({ max: validText.length })
  fc.assert(
    fc.property(at, at, fc.string({ unit: 'binary', maxLength: 5 }), fc.boolean(), (a, b, insert, double) => {
      const [from, to] = [Math.min(a, b), Math.min(Math.max(a, b), Math.min(a, b) + 60)]
      const cut = double ? validText.slice(from, to).repeat(2) : ''
      expect(isJudged(validText.slice(0, from) + cut + insert + validText.slice(to))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

it('so is the valid scenario with fields set, dropped or renamed', () => {
  fc.assert(
    fc.property(edits, (list) => {
      let text: string
      try {
        text = stringify(mutated(list), { aliasDuplicateObjects: false })
      } catch {
        return // what YAML cannot hold cannot be in a file
      }
      expect(isJudged(text)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

it('data of any shape is checked without throwing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), edits.map(mutated)), (data) => {
      expect(Array.isArray(checkScenario(data))).toBe(true)
    }),
    { numRuns: 500 },
  )
})
