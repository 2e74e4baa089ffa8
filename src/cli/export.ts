import { Command, Option } from 'commander'
import { UsageError } from '../errors.ts'
import { toBenchfmt } from '../report/export/benchfmt.ts'
import { toCsv } from '../report/export/csv.ts'
import type { PathLoad, RoundChoice } from '../report/export/distribution.ts'
import { toFortio } from '../report/export/fortio.ts'
import { toHdrPercentiles } from '../report/export/hdr-percentiles.ts'
import { toOpenMetrics } from '../report/export/openmetrics.ts'
import type { RunResult } from '../results/schema.ts'
import { writeWhereAsked } from '../results/write-asked.ts'
import { isStandardOutput, printDocument, say, type CliContext } from './context.ts'
import { runOpener } from './open-runs.ts'
import { resultsOption } from './options.ts'

const formats = ['benchfmt', 'csv', 'fortio', 'hdr', 'openmetrics'] as const
type Format = (typeof formats)[number]

interface ExportFlags {
  readonly format: Format
  readonly path?: string
  readonly load?: string
  readonly all?: boolean
  readonly out?: string
  readonly results: string
}

const help = `
benchfmt and csv have a line per round; fortio and hdr hold one path under one load; openmetrics has them all.

Examples:
  hopmeter export latest --format benchfmt > runs.txt && benchstat -col /path runs.txt
  hopmeter export latest --format fortio --path gateway --out gateway.json
  hopmeter export latest --format csv`

/** `hopmeter export`: a run in the formats of other tools. */
export function exportVerb(context: CliContext): Command {
  return new Command('export')
    .summary('write a run in the format of another tool')
    .description('Writes a run for benchstat, fortio, HdrHistogram plotters, spreadsheets or Prometheus.')
    .argument('[run]', 'run id, the start of one, "latest", or a folder', 'latest')
    .addOption(new Option('--format <format>', 'what to write').choices([...formats]).makeOptionMandatory())
    .option('--path <name>', 'of fortio and hdr: the path (needed when the run has several)')
    .option('--load <id>', 'of fortio and hdr: the load (needed when the run has several)')
    .option('--all', 'count flagged rounds too (csv always has all, with their flags)')
    .option('--out <file>', 'write to a file instead of standard output, which is -')
    .addOption(resultsOption())
    .addHelpText('after', help)
    .action(async (reference: string, flags: ExportFlags) => {
      const { result } = await runOpener(context, flags.results)(reference)
      const text = exported(result, flags)
      const kind = flags.format === 'fortio' ? 'json' : 'text'
      if (flags.out === undefined || isStandardOutput(flags.out)) printDocument(context, text, kind)
      else {
        await writeWhereAsked(flags.out, text)
        say(context, `wrote ${flags.out}`)
      }
    })
}

function exported(result: RunResult, flags: ExportFlags): string {
  const rounds: RoundChoice = flags.all ? 'all' : 'valid'
  switch (flags.format) {
    case 'benchfmt':
      return toBenchfmt(result, rounds)
    case 'csv':
      return toCsv(result)
    case 'openmetrics':
      return toOpenMetrics(result, rounds)
    case 'fortio':
      return toFortio(result, selection(result, flags), rounds)
    case 'hdr':
      return toHdrPercentiles(result, selection(result, flags), rounds)
  }
}

function selection(result: RunResult, { path, load }: ExportFlags): PathLoad {
  const paths = result.paths.filter((p) => p.hops !== null).map((p) => p.name)
  const loads = result.loads.map((l) => l.id)
  return { path: oneOf('path', paths, path), load: oneOf('load', loads, load) }
}

function oneOf(what: string, known: readonly string[], wanted: string | undefined): string {
  const only = known.length === 1 ? known[0] : undefined
  const found = wanted === undefined ? only : known.find((name) => name === wanted)
  if (found !== undefined) return found
  const problem = wanted === undefined ? `the run has several ${what}s` : `the run has no ${what} "${wanted}"`
  throw new UsageError(problem, { hint: `--${what} with one of ${known.join(', ')}` })
}
