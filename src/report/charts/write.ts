import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { StoredRun } from '../../results/store.ts'
import { summarizeRun } from '../../stats/summarize-run.ts'
import { drawingOf, heightOf, type ChartKind, type ChartSpec } from './kinds.ts'
import { chartedRuns } from './models/charted-run.ts'
import { comparisonCharts } from './models/comparison-charts.ts'
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
  return [...comparisonCharts(charted), ...charted.flatMap(chartsOfRun)]
}

/** The ladder of a run alone: needs neither rounds nor other runs. */
export function ladderOf(run: StoredRun['result']): ChartSpec | undefined {
  const charts = chartsOfRun({ result: run, summary: summarizeRun(run), distributions: [] })
  return charts.find((spec) => spec.kind === 'ladder')
}

/**
 * Draws charts into files named after their kind, numbered where a kind comes more than once. The canvas is loaded
 * only here, so that everything else works without one.
 * @throws EnvironmentError when this platform has no canvas.
 */
export async function writeCharts(
  specs: readonly ChartSpec[],
  folder: string,
  options: ChartFileOptions,
): Promise<readonly string[]> {
  const { printStage, renderChart } = await import('./render.ts')
  await mkdir(folder, { recursive: true })
  const seen = new Map<ChartKind, number>()
  const files: string[] = []
  for (const spec of specs) {
    const number = (seen.get(spec.kind) ?? 0) + 1
    seen.set(spec.kind, number)
    const file = path.join(folder, `${spec.kind}${number > 1 ? `-${number}` : ''}.${options.format}`)
    const { format, theme, width } = options
    const size = { width, height: heightOf(spec, printStage({ width })) }
    await writeFile(
      file,
      await renderChart(drawingOf(spec), { format, theme, ...size, description: spec.model.title }),
    )
    files.push(file)
  }
  return files
}
