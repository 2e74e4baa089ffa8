import path from 'node:path'
import { Command, Option } from 'commander'
import { chartedRuns } from '../report/charts/models/charted-run.ts'
import { htmlReport } from '../report/render/html/report.ts'
import { writeMarkdownReport } from '../report/render/markdown/report.ts'
import { writeAtomically } from '../results/durable.ts'
import { print, type CliContext } from './context.ts'
import { runOpener } from './open-runs.ts'
import { otherSpelling, resultsOption } from './options.ts'

interface ReportFlags {
  readonly format: 'html' | 'markdown'
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
    .addOption(new Option('--format <format>', 'what to write').choices(['html', 'markdown']).default('html'))
    .option('--no-charts', 'leave the charts out; needs no canvas')
    .addOption(otherSpelling('--no-chart'))
    .option('--out <file>', 'file to write (default: report.html or report.md in the first run’s folder)')
    .addOption(resultsOption())
    .addHelpText('after', help)
    .action(async (references: string[], flags: ReportFlags) => {
      const open = runOpener(context, flags.results)
      const stored = []
      for (const reference of references) stored.push(await open(reference))
      const extension = flags.format === 'html' ? 'html' : 'md'
      const file = flags.out ?? path.join(stored[0]?.path ?? '.', `report.${extension}`)
      const runs = await chartedRuns(stored)
      const charts = flags.chart && flags.charts
      const isMarkdown = flags.format === 'markdown'
      if (!isMarkdown) await writeAtomically(file, htmlReport(runs, { charts }), '--out')
      const files = isMarkdown ? await writeMarkdownReport(runs, file, { charts }) : [file]
      print(context, files.map((name) => path.relative(process.cwd(), name)).join('\n'))
    })
}
