import type { RunResult } from '../../results/schema.ts'
import { toBenchfmt } from './benchfmt.ts'
import { toCsv } from './csv.ts'
import type { RoundChoice } from './distribution.ts'
import { toFortio } from './fortio.ts'
import { toHdrPercentiles } from './hdr-percentiles.ts'
import { toOpenMetrics } from './openmetrics.ts'

export const exportFormats = ['benchfmt', 'csv', 'fortio', 'hdr', 'openmetrics'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface ExportedFile {
  /** Letters, digits, dots and hyphens only, different for each file of a run, whatever its paths are called. */
  readonly name: string
  readonly text: string
}

/**
 * A run in another tool's format. `fortio` and `hdr` hold one distribution each, so there is a file for each path and
 * load; the others are one file. Rounds with flags are left out unless asked for, except in `csv`, which marks them.
 */
export function exportRun(
  result: RunResult,
  format: ExportFormat,
  rounds: RoundChoice = 'valid',
): readonly ExportedFile[] {
  switch (format) {
    case 'benchfmt':
      return [{ name: `${result.id}.bench.txt`, text: toBenchfmt(result, rounds) }]
    case 'csv':
      return [{ name: `${result.id}.csv`, text: toCsv(result) }]
    case 'openmetrics':
      return [{ name: `${result.id}.openmetrics.txt`, text: toOpenMetrics(result, rounds) }]
    case 'fortio':
      return eachDistribution(result, 'json', (entry) => toFortio(result, entry, rounds))
    case 'hdr':
      return eachDistribution(result, 'hgrm', (entry) => toHdrPercentiles(result, entry, rounds))
  }
}

function eachDistribution(
  result: RunResult,
  extension: string,
  text: (entry: RunResult['histograms'][number]) => string,
): ExportedFile[] {
  const taken = new Set<string>()
  return result.histograms.map((entry) => {
    const plain = `${result.id}-${entry.path}-${entry.load}`.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 150)
    let name = `${plain}.${extension}`
    for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${plain}-${i}.${extension}`
    taken.add(name.toLowerCase())
    return { name, text: text(entry) }
  })
}
