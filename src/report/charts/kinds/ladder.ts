import type { RunResult } from '../../../results/schema.ts'
import type { PathSummary, RunSummary, StepSummary } from '../../../analysis/summarize-run.ts'
import type { ComponentKind } from '../../../topology/model.ts'
import { formatRatio } from '../../format.ts'
import type { ChartModule, ChartSubject } from '../chart-module.ts'
import type { LadderModel, LadderPath } from '../ladder-model.ts'
import { ladderChart } from '../ladder.ts'
import { runCaptions } from '../models/captions.ts'
import { ladderTitle } from '../models/findings.ts'
import { differenceOf, intervalsNote, measuredOf, noPathNote, pathsOf } from '../models/shared.ts'

export const ladder: ChartModule<'ladder', LadderModel> = {
  kind: 'ladder',
  purpose: 'What each added component costs. The first picture for a post.',
  note: 'Bars: median with its interval. Coloured: what the added component costs more than the path before. Below: p99.',
  section: 'ladder',
  per: 'load',
  modelOf,
  draw: ladderChart,
}

function modelOf({ run: { result, summary }, load }: ChartSubject): LadderModel {
  const paths = pathsOf(summary, load)
  const missing = result.paths.filter((path) => path.hops === null)
  const remark = `median (p50) with ${intervalsNote(paths.map((p) => p.quantiles.p50))}`
  const captions = runCaptions(result, ladderTitle(result, summary, load), load, [remark])
  return {
    ...captions,
    caption: `Steps are paired by round, so they can differ a little from the difference of two bars. ${captions.caption}`,
    paths: [
      ...paths.map((path) => ladderPath(result, summary, path)),
      ...missing.map(({ name }) => ({ name, note: noPathNote(summary, name) })),
    ],
  }
}

function ladderPath(result: RunResult, summary: RunSummary, path: PathSummary): LadderPath {
  const step = summary.steps.find((s) => s.to === path.path && s.load === path.load)
  const addsNs = step && differenceOf(step.comparison)
  return {
    name: path.path,
    hops: path.hops,
    chain: path.components.map((component) => component.kind),
    p50Ns: measuredOf(path.quantiles.p50),
    p99Ns: measuredOf(path.quantiles.p99),
    step: addsNs && {
      addsNs,
      factor: formatRatio(step.comparison.ratio),
      label: step.adds.length > 0 ? step.adds.join(', ') : sameComponentsLabel(result, step),
      adds: step.adds.length === 0 ? undefined : addedKind(result, step),
      isClear: step.comparison.verdict === 'slower' || step.comparison.verdict === 'faster',
    },
    note: path.requests === 0 ? 'no request answered' : undefined,
  }
}

/** The component that a step adds, or the one furthest along the path when it adds several kinds. */
function addedKind(result: RunResult, { from, to }: StepSummary): ComponentKind | undefined {
  const kinds = (name: string) =>
    result.paths.find((path) => path.name === name)?.expected.map((component) => component.kind) ?? []
  const count = (list: readonly ComponentKind[], kind: ComponentKind) =>
    list.filter((one) => one === kind).length
  return kinds(to).findLast((kind) => count(kinds(to), kind) > count(kinds(from), kind))
}

function sameComponentsLabel({ paths }: RunResult, { from, to }: StepSummary): string {
  const clusterOf = (name: string) => paths.find((path) => path.name === name)?.server.cluster
  return clusterOf(from) === clusterOf(to) ? 'same components' : 'another cluster'
}
