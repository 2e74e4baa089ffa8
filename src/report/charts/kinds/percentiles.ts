import type { ChartModule, ChartSubject } from '../chart-module.ts'
import { percentilesChart } from '../percentiles.ts'
import type { PercentilesModel } from '../percentiles.ts'
import { runCaptions } from '../models/captions.ts'
import { percentilesTitle } from '../models/findings.ts'
import { bandNote, short, shownDistributions } from '../models/shared.ts'

export const percentiles: ChartModule<'percentiles', PercentilesModel> = {
  kind: 'percentiles',
  purpose:
    'The whole distribution, with the tail stretched: where a path differs, at the median or beyond p99.',
  note: 'Read a line at 99%: one request in a hundred takes longer than that.',
  section: 'distributions',
  per: 'load',
  modelOf,
  draw: percentilesChart,
}

function modelOf({ run: { result, distributions }, load }: ChartSubject): PercentilesModel {
  const shown = shownDistributions(result, distributions, load)
  const remarks = [`all requests together, ${bandNote(shown)}`]
  return {
    ...runCaptions(result, percentilesTitle(shown), load, remarks),
    series: shown.map(({ path, points }) => ({
      name: path,
      points: points.map(({ quantile, ns }) => ({ quantile, ns: short(ns) })),
      band: points.every((p) => p.lowNs !== undefined)
        ? points.map((p) => ({
            quantile: p.quantile,
            lowNs: short(p.lowNs ?? p.ns),
            highNs: short(p.highNs ?? p.ns),
          }))
        : undefined,
    })),
  }
}
