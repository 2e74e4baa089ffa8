import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { scenarioJsonSchema, scenarioJsonSchemaText } from './json-schema.ts'
import { listScenarios } from './load.ts'
import { changed, validText } from './testing/texts.ts'

const validate = new Ajv({ strict: true, strictTuples: true, allErrors: true }).compile(scenarioJsonSchema())

describe('the JSON Schema', () => {
  it('is what schema/scenario.schema.json holds (npm run schema writes it)', async () => {
    const file = new URL('../../schema/scenario.schema.json', import.meta.url)
    expect(await readFile(file, 'utf8')).toBe(scenarioJsonSchemaText())
  })

  it('is draft-07 and describes every field', () => {
    expect(scenarioJsonSchema()).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' })
    expect(undescribed(scenarioJsonSchema())).toEqual([])
  })

  it('accepts every built-in scenario', async () => {
    for (const { scenario, text } of await listScenarios()) {
      expect([scenario.name, validate(parse(text)), validate.errors]).toEqual([scenario.name, true, null])
    }
  })

  it('leaves fields with defaults out of what is required', () => {
    expect(validate(parse(validText))).toBe(true)
  })

  it.each([
    ['nodes: 2', 'nods: 2'],
    ['nodes: 2', 'nodes: 0'],
    ['rtt: 5ms', 'rtt: 5'],
    ['rtt: 5ms', 'rtt: 5 ms'],
    ['expect: 4', 'expect: 7'],
    ['[east-1, east-2]', '[east-1]'],
    ['profile: pingpong', 'profile: pingpnog'],
    ['profile: pingpong', 'profile: closed\n      rate: 5'],
    ['10.10.0.0/16', '10.10.0.0'],
  ])('refuses %j as %j, as the loader does', (from, to) => {
    expect(validate(parse(changed(from, to)))).toBe(false)
  })
})

/** Names of properties without a description, at any depth. */
function undescribed(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const properties = (schema as { properties?: Record<string, { description?: string }> }).properties ?? {}
  const own = Object.entries(properties)
    .filter(([, property]) => property.description === undefined)
    .map(([name]) => name)
  return [...own, ...Object.values(schema).flatMap(undescribed)]
}
