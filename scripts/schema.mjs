// Writes schema/scenario.schema.json from the zod schema. A test fails when the file is stale.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { scenarioJsonSchemaText } from '../src/scenario/json-schema.ts'

const file = fileURLToPath(new URL('../schema/scenario.schema.json', import.meta.url))
mkdirSync(fileURLToPath(new URL('../schema', import.meta.url)), { recursive: true })
writeFileSync(file, scenarioJsonSchemaText())
console.log(`wrote ${file}`)
