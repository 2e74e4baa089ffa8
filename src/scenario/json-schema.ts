import { z } from 'zod'
import { scenarioSchema } from './schema.ts'

/** JSON Schema (draft-07, which editors support) of the scenario YAML as written, before defaults are filled in. */
export function scenarioJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(scenarioSchema, { target: 'draft-7', io: 'input' })
}

/** The text of `schema/scenario.schema.json`. */
export function scenarioJsonSchemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`
}
