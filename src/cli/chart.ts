import path from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { UsageError } from '../errors.ts'
import { chartKinds, type ChartKind } from '../report/charts/kinds.ts'
import type { ThemeName } from '../report/charts/theme.ts'
import { chartsOf, writeCharts } from '../report/charts/write.ts'
import { isStandardOutput, print, printJson, type CliContext } from './context.ts'
import { runOpener } from './open-runs.ts'
import { outputOption, positiveInteger, resultsOption, type OutputFormat } from './options.ts'

interface ChartFlags {
  readonly kind: readonly ChartKind[]
  readonly format: 'png' | 'svg'
  readonly theme: ThemeName
  readonly width?: number
  readonly out?: string
  readonly results: string
  readonly output: OutputFormat
}

const help = `
Examples:
  hopmeter chart latest
  hopmeter chart latest --kind ladder --kind delta --format svg --theme dark --out figures
  hopmeter chart run-of-variants --kind delta --kind versions
  hopmeter chart run-on-1.30 run-on-1.31 --kind versions`

/** `hopmeter chart`: pictures for a post. */
export function chartVerb(context: CliContext): Command {
  return new Command('chart')
    .summary('draw charts of runs, ready to publish')
    .description(
      'Draws charts of one run, or over several, as PNG (two pixels a point) or SVG, and prints the files.',
    )
    .argument('[run...]', 'run ids, starts of one, "latest", or folders', ['latest'])
    .addOption(
      new Option('--kind <kind>', `only this kind (repeatable): ${chartKinds.join(', ')}`)
        .argParser(kindOf)
        .default([], 'all that the runs can fill'),
    )
    .addOption(new Option('--format <format>', 'file format').choices(['png', 'svg']).default('png'))
    .addOption(
      new Option('--theme <theme>', 'colours')
        .choices(['light', 'dark'])
        .default('light')
        .env('HOPMETER_THEME'),
    )
    .addOption(new Option('--width <points>', 'width, 320 to 4000 (default 1200)').argParser(widthOf))
    .addOption(new Option('--out <dir>', 'folder for the files (default: the first run’s)'))
    .addOption(resultsOption())
    .addOption(outputOption())
    .addHelpText('after', help)
    .action(async (references: string[], flags: ChartFlags) => {
      if (flags.out !== undefined && isStandardOutput(flags.out)) {
        throw new UsageError('charts are files in a folder, not text for standard output', {
          hint: '--out FOLDER, which is made when it is not there',
        })
      }
      const open = runOpener(context, flags.results)
      const runs = []
      for (const reference of references) runs.push(await open(reference))
      const specs = await chartsOf(runs)
      const wanted = specs.filter((spec) => flags.kind.length === 0 || flags.kind.includes(spec.kind))
      const missing = flags.kind.filter((kind) => !specs.some((spec) => spec.kind === kind))
      if (missing.length > 0) {
        const hint = missing.includes('versions')
          ? 'versions needs runs of at least two engines, or a run of variants'
          : 'these runs lack what it shows'
        throw new UsageError(`nothing to draw for ${missing.join(', ')}`, { hint })
      }
      const { format, theme, width } = flags
      const files = await writeCharts(wanted, flags.out ?? runs[0]?.path ?? '.', { format, theme, width })
      const shown = files.map((file) => path.relative(process.cwd(), file))
      if (flags.output === 'json') printJson(context, shown)
      else print(context, shown.join('\n'))
    })
}

function kindOf(text: string, previous: readonly ChartKind[]): readonly ChartKind[] {
  const kind = chartKinds.find((known) => known === text)
  if (!kind) throw new InvalidArgumentError(`expected one of ${chartKinds.join(', ')}`)
  return [...previous, kind]
}

function widthOf(text: string): number {
  const width = positiveInteger(text)
  if (width < 320 || width > 4000) throw new InvalidArgumentError('expected 320 to 4000')
  return width
}
