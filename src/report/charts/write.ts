import path from 'node:path'
import { makeFolder } from '../../make-folder.ts'
import { writeAtomically } from '../../results/durable.ts'
import { variantNames } from '../../results/variants.ts'
import type { StoredRun } from '../../results/store.ts'
import { writeError } from '../../results/write-error.ts'
import { summarizeRun } from '../../analysis/summarize-run.ts'
import { drawingOf, heightOf, type ChartSpec } from './kinds.ts'
import { chartedRuns } from './models/charted-run.ts'
import { comparisonCharts } from './models/comparison-charts.ts'
import type { ChartedRun } from './chart-module.ts'
import { chartsOfRun } from './models/run-charts.ts'
import type { ThemeName } from './theme.ts'

export interface ChartFileOptions {
  readonly format: 'png' | 'svg'
  readonly theme: ThemeName
  /** Points; the height follows. */
  readonly width?: number | undefined
}

/** Every chart that these runs can fill; for several, also what compares them with the first. */
export async function chartsOf(runs: readonly StoredRun[]): Promise<readonly ChartSpec[]> {
  const charted = await chartedRuns(runs)
  return [...comparisonCharts(charted), ...chartsOfEach(charted)]
}

/** Charts of each run by itself, each named after its run where there are several. */
function chartsOfEach(runs: readonly ChartedRun[]): readonly ChartSpec[] {
  if (runs.length < 2) return runs.flatMap(chartsOfRun)
  return runs.flatMap((run) =>
    chartsOfRun(run).map((spec) => ({
      ...spec,
      about: spec.about === undefined ? run.result.id : `${run.result.id} ${spec.about}`,
    })),
  )
}

/** The first picture of a run alone: its ladder, or what its variants differ by. */
export function firstChartOf(run: StoredRun['result']): ChartSpec | undefined {
  const charts = chartsOfRun({ result: run, summary: summarizeRun(run), distributions: [] })
  const kind = variantNames(run).length > 0 ? 'delta' : 'ladder'
  return charts.find((spec) => spec.kind === kind)
}

/**
 * File names of charts, without extension: the kind, the load where the chart shows one, and for a chart of one of
 * several runs that run. The same charts always get the same names, no two get one, and none leaves the folder.
 */
export function chartNames(specs: readonly ChartSpec[]): readonly string[] {
  const taken = new Set<string>()
  return specs.map((spec) => {
    const parts = [spec.kind, spec.load, spec.about].filter((part) => part !== undefined)
    const name = parts.map(fileWord).join('-')
    let unique = name
    for (let number = 2; taken.has(unique); number += 1) unique = `${name}-${number}`
    taken.add(unique)
    return unique
  })
}

/** Letters, digits, dots and dashes of `text`; no name that a file system or a shell could take otherwise. */
function fileWord(text: string): string {
  const word = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60)
  return word === '' ? 'unnamed' : word
}

/**
 * Draws charts into files named by {@link chartNames}. The canvas is loaded
 * only here, so that everything else works without one.
 * @throws EnvironmentError when this platform has no canvas; ResultError when a file cannot be written.
 */
export async function writeCharts(
  specs: readonly ChartSpec[],
  folder: string,
  options: ChartFileOptions,
): Promise<readonly string[]> {
  const { printStage, renderChart } = await import('./render.ts')
  try {
    makeFolder(folder)
  } catch (error) {
    throw writeError(folder, (error as Error).cause, { option: '--out' })
  }
  const names = chartNames(specs)
  const files: string[] = []
  for (const [index, spec] of specs.entries()) {
    const file = path.join(folder, `${names[index] ?? spec.kind}.${options.format}`)
    const { format, theme, width } = options
    const size = { width, height: heightOf(spec, printStage({ width })) }
    const drawing = { format, theme, ...size, description: spec.model.title }
    await writeAtomically(file, await renderChart(drawingOf(spec), drawing), '--out')
    files.push(file)
  }
  return files
}
