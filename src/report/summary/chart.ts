import { writeFile } from 'node:fs/promises'
import type { PathSummary, RunSummary } from '../../stats/summarize-run.ts'
import type { LadderModel, LadderPath } from '../charts/ladder.ts'
import type { Measured } from '../charts/quantity.ts'

interface MaybeMeasured {
  readonly estimate: number | null
  readonly low: number | null
  readonly high: number | null
}

/** The ladder chart of a run's first load. */
export function ladderModel(summary: RunSummary): LadderModel {
  const load = summary.paths[0]?.load ?? ''
  const paths = summary.paths.filter((path) => path.load === load)
  const requests = Math.min(...paths.map((path) => path.requests))
  return {
    title: summary.title,
    subtitle:
      `${load}, ${summary.rounds} rounds in ${summary.builds} build(s), at least ${requests.toLocaleString('en')} requests a path; ` +
      'bars: p50 with its 95 % interval',
    caption: `hopmeter ${summary.scenario}, engine ${summary.engine}${engineRemark(summary)}, run ${summary.id}`,
    paths: paths.filter((path) => path.controlOf === undefined).map((path) => ladderPath(summary, path)),
  }
}

function ladderPath(summary: RunSummary, path: PathSummary): LadderPath {
  const step = summary.steps.find((s) => s.to === path.path && s.load === path.load)
  const adds = step && measured({ ...step.comparison, estimate: step.comparison.difference })
  const label = step && (step.adds.length === 0 ? 'same components' : step.adds.join(', '))
  const note = path.verdicts.proven === 0 ? 'path not proven' : undefined
  return {
    name: path.path,
    hops: path.hops,
    p50Ns: measured(path.quantiles.p50),
    p99Ns: measured(path.quantiles.p99),
    ...(adds && label !== undefined ? { step: { addsNs: adds, label } } : {}),
    ...(note === undefined ? {} : { note }),
  }
}

function measured({ estimate, low, high }: MaybeMeasured): Measured | undefined {
  if (estimate === null) return undefined
  return low === null || high === null ? { estimate } : { estimate, interval: { low, high } }
}

function engineRemark(summary: RunSummary): string {
  return summary.engine.startsWith('lab-node') ? ' (structure and relative cost, not Istio’s numbers)' : ''
}

/** Draws the ladder as PNG. The canvas is loaded only here, so that everything else works without one. */
export async function writeLadderChart(summary: RunSummary, file: string): Promise<string> {
  const { renderChart } = await import('../charts/render.ts')
  const { ladderChart } = await import('../charts/ladder.ts')
  await writeFile(file, await renderChart(ladderChart(ladderModel(summary)), { format: 'png' }))
  return file
}
