import { createReadStream } from 'node:fs'
import { Command } from 'commander'
import { readAtMost } from '../bounded-read.ts'
import { ResultError, UsageError } from '../errors.ts'
import { importFortio, type ImportedResult } from '../report/export/fortio-import.ts'
import { formatUs } from '../report/format.ts'
import { inlineText } from '../report/render/markdown/inline.ts'
import { markdownTable } from '../report/render/markdown/table.ts'
import { textTable } from '../report/render/text/table.ts'
import { printable } from '../terminal-text.ts'
import { print, printJson, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'

const maxBytes = 64 * 1024 * 1024

const help = `
What another tool measured is a distribution without rounds, so it is shown and never gets a verdict.

Examples:
  hopmeter import fortio.json
  fortio load -json - http://127.0.0.1:8080/ | hopmeter import -
  hopmeter import before.json after.json -o markdown`

/** `hopmeter import`: results of fortio, in hopmeter's words. */
export function importVerb(context: CliContext): Command {
  return new Command('import')
    .summary('read results of fortio')
    .description(
      'Reads results of "fortio load -json" and shows them side by side, with the resolution they have.',
    )
    .argument('<file...>', 'fortio result files, or - for standard input')
    .addOption(outputOption(['text', 'json', 'markdown']))
    .addHelpText('after', help)
    .action(async (files: string[], { output }: { output: OutputFormat }) => {
      if (files.filter((file) => file === '-').length > 1)
        throw new UsageError('standard input is one file: - can be given once')
      const results: ImportedResult[] = []
      for (const file of files)
        results.push(importFortio(await readText(file), file === '-' ? '<stdin>' : file))
      if (output === 'json') {
        printJson(context, results)
        return
      }
      const table = output === 'markdown' ? markdownTable : textTable
      const remarks = results.flatMap(({ remarks: own }, i) => own.map((remark) => `${files[i]}: ${remark}`))
      const marked = remarks.map((remark) =>
        output === 'markdown' ? `- ${inlineText(remark)}` : `* ${printable(remark)}`,
      )
      print(context, [table(headings, results.map(row), [2, 3, 4, 5, 6, 7]), ...marked].join('\n'))
    })
}

const headings = ['label', 'tool', 'p50 µs', 'p90 µs', 'p99 µs', 'resolution µs', 'requests', 'failed']

function row(result: ImportedResult): string[] {
  const at = (wanted: number) => {
    const found = result.percentiles.find((p) => p.percentile === wanted)
    return found === undefined ? '-' : formatUs(found.valueNs)
  }
  const { label, tool, resolutionNs, requests, failed } = result
  return [
    label,
    tool,
    at(50),
    at(90),
    at(99),
    formatUs(resolutionNs),
    String(requests),
    failed === null ? '-' : String(failed),
  ]
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readAtMost(file === '-' ? process.stdin : createReadStream(file), maxBytes)
    if (bytes === undefined) throw new ResultError(`${file} is larger than any result of fortio`)
    return decoded(bytes)
  } catch (error) {
    if (error instanceof ResultError) throw error
    throw new ResultError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** Windows shells write UTF-16 when they redirect; the byte order mark tells. */
function decoded(bytes: Buffer): string {
  return bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.toString('utf16le') : bytes.toString('utf8')
}
