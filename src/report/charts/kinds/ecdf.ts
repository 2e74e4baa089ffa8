import type { ChartModule, ChartSubject } from '../chart-module.ts'
import { ecdfChart } from '../ecdf.ts'
import type { EcdfModel } from '../ecdf.ts'
import { runCaptions } from '../models/captions.ts'
import { ecdfTitle } from '../models/findings.ts'
import { bandNote, short, shownDistributions } from '../models/shared.ts'

export const ecdf: ChartModule<'ecdf', EcdfModel> = {
  kind: 'ecdf',
  purpose: 'The share of requests that were answered within a time, with its band.',
  note: 'Read a line at 50%: half of the requests are answered within that time.',
  section: 'distributions',
  per: 'load',
  modelOf,
  draw: ecdfChart,
}

function modelOf({ run: { result, distributions }, load }: ChartSubject): EcdfModel {
  const shown = shownDistributions(result, distributions, load)
  const remarks = [`all requests together, ${bandNote(shown)}`]
  return {
    ...runCaptions(result, ecdfTitle(shown), load, remarks),
    series: shown.map(({ path, points }) => ({
      name: path,
      points: points.map((p) => ({
        ns: short(p.ns),
        share: p.quantile,
        low: p.lowShare === undefined ? undefined : short(p.lowShare),
        high: p.highShare === undefined ? undefined : short(p.highShare),
      })),
    })),
  }
}
