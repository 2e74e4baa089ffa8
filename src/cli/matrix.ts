import { Command, Option } from 'commander'
import { behaviourMatrices, type MatrixSource } from '../analysis/matrix.ts'
import { UsageError } from '../errors.ts'
import { matrixMarkdown } from '../report/render/markdown/matrix.ts'
import { matrixText } from '../report/render/text/matrix.ts'
import { meantBy, parseOperands } from './compare-operands.ts'
import { print, printJson, type CliContext } from './context.ts'
import { knownOfVersions } from './known-of-versions.ts'
import { runOpener } from './open-runs.ts'
import { outputOption, resultsOption, type OutputFormat } from './options.ts'

interface MatrixFlags {
  readonly output: OutputFormat
  readonly format?: 'text' | 'md' | 'markdown' | 'json'
  readonly results: string
}

const help = `
A run of several versions or variants has a column for each, other runs have one; RUN#VARIANT is one column of a run.
The first column is what the others are compared with.

Examples:
  hopmeter matrix latest
  hopmeter matrix run-on-1.29 run-on-1.30 run-on-1.31
  hopmeter matrix latest#base latest#pr -o markdown >> post.md`

/** `hopmeter matrix`: which way each path took under each version, and what it cost. */
export function matrixVerb(context: CliContext): Command {
  return new Command('matrix')
    .summary('show which way each path took under each version, and what it cost')
    .description(
      'Prints paths × versions: the observed components, whether they are those of the path rule, the median and its ratio to the first column.',
    )
    .argument('[run...]', 'run ids, starts of one, "latest", folders, or RUN#VARIANT', ['latest'])
    .addOption(resultsOption())
    .addOption(outputOption(['text', 'json', 'markdown']))
    .addOption(
      new Option('--format <format>', 'the same as --output').choices(['text', 'md', 'markdown', 'json']),
    )
    .addHelpText('after', help)
    .action(async (references: string[], flags: MatrixFlags) => {
      const open = runOpener(context, flags.results)
      const sources: MatrixSource[] = []
      for (const operand of references.flatMap(parseOperands)) {
        const { result } = await open(operand.run)
        const meant = meantBy(operand, result)
        if ('path' in meant) {
          throw new UsageError(`"${meant.path}" is a path, and a matrix has all of them`, {
            hint: `write ${operand.run}, or ${operand.run}#VARIANT`,
          })
        }
        sources.push(meant)
      }
      const matrices = behaviourMatrices(sources)
      const warnings = await knownOfVersions(sources.map(({ run }) => run))
      const format = formatOf(flags)
      if (format === 'json') printJson(context, { matrices, warnings })
      else print(context, (format === 'markdown' ? matrixMarkdown : matrixText)(matrices, warnings))
    })
}

function formatOf({ format, output }: MatrixFlags): OutputFormat {
  if (format === undefined) return output
  return format === 'md' ? 'markdown' : format
}
