import { Command } from 'commander'
import { scenarioJsonSchema } from '../scenario/json-schema.ts'
import { printJson, type CliContext } from './context.ts'

/** `hopmeter schema`: the JSON Schema of scenario files. */
export function schemaVerb(context: CliContext): Command {
  return new Command('schema')
    .summary('print the JSON Schema of scenario files')
    .description('Prints the JSON Schema (draft 7) of scenario files, for editors and checks of your own.')
    .addHelpText('after', '\nExamples:\n  hopmeter schema > scenario.schema.json')
    .action(() => printJson(context, scenarioJsonSchema()))
}
