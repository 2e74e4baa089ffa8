import path from 'node:path'
import { Command, Option } from 'commander'
import { UsageError } from '../errors.ts'
import { chartedRuns } from '../report/charts/models/charted-run.ts'
import { htmlReport } from '../report/render/html/report.ts'
import { markdownReport, writeMarkdownReport } from '../report/render/markdown/report.ts'
import { writeAtomically } from '../results/durable.ts'
import { writeWhereAsked } from '../results/write-asked.ts'
import { isStandardOutput, print, printDocument, type CliContext } from './context.ts'
import { knownOfVersions } from './known-of-versions.ts'
import { runOpener } from './open-runs.ts'
import { otherSpelling, resultsOption } from './options.ts'

type Format = 'html' | 'markdown'

interface ReportFlags {
  readonly format?: Format
  readonly chart: boolean
  readonly charts: boolean
  readonly out?: string
  readonly results: string
}

const help = `
The first run is the baseline that the others are compared with. The HTML page needs no network and no other file;
Markdown comes with a folder of PNG files beside it.

Examples:
  hopmeter report latest
  hopmeter report latest --format markdown --out post.md
  hopmeter report run-on-1.30 run-on-1.31 --out versions.html`

/** `hopmeter report`: everything about runs in one page. */
export function reportVerb(context: CliContext): Command {
  return new Command('report')
    .summary('write one page about runs: HTML or Markdown')
    .description(
      'Writes one page about runs: what was measured, proof of path, ladder, distributions, comparison, caveats.',
    )
    .argument('[run...]', 'run ids, starts of one, "latest", or folders', ['latest'])
    .addOption(
      new Option('--format <format>', 'what to write (default: as the name of --out says, or html)').choices([
        'html',
        'markdown',
      ]),
    )
    .option('--no-charts', 'leave the charts out; needs no canvas')
    .addOption(otherSpelling('--no-chart'))
    .option(
      '--out <file>',
      'file to write, or - (default: report.html or report.md in the first run’s folder)',
    )
    .addOption(resultsOption())
    .addHelpText('after', help)
    .action(async (references: string[], flags: ReportFlags) => {
      const open = runOpener(context, flags.results)
      const stored = []
      for (const reference of references) stored.push(await open(reference))
      const format = formatOf(flags)
      const runs = await chartedRuns(stored)
      const { out } = flags
      const options = {
        charts: flags.chart && flags.charts,
        knownOfVersions: await knownOfVersions(stored.map(({ result }) => result)),
      }
      if (out !== undefined && isStandardOutput(out)) {
        // Pictures of Markdown are files beside it, and here is nowhere beside.
        printDocument(context, (format === 'html' ? htmlReport : markdownReport)(runs, options))
        return
      }
      const extension = format === 'html' ? 'html' : 'md'
      const file = out ?? path.join(stored[0]?.path ?? '.', `report.${extension}`)
      const asked = out !== undefined
      let files: readonly string[] = [file]
      if (format === 'markdown') files = await writeMarkdownReport(runs, file, { ...options, asked })
      else if (asked) await writeWhereAsked(file, htmlReport(runs, options))
      else await writeAtomically(file, htmlReport(runs, options), '--out')
      print(context, files.map((name) => path.relative(process.cwd(), name)).join('\n'))
    })
}

const extensions: Readonly<Record<string, Format>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown',
}

/** The format that was asked for, or that of the file's name. @throws UsageError when they contradict each other. */
function formatOf({ format, out = '' }: ReportFlags): Format {
  const named = extensions[path.extname(out).toLowerCase()]
  if (format !== undefined && named !== undefined && named !== format) {
    throw new UsageError(`--format ${format} and --out ${out} contradict each other`, {
      hint: `leave --format out, or write to a file of another name`,
    })
  }
  return format ?? named ?? 'html'
}
