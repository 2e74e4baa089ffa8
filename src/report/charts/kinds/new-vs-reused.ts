import { profileOf } from '../../../load/profiles.ts'
import type { ChartModule, ChartSubject } from '../chart-module.ts'
import { newVsReusedChart } from '../new-vs-reused.ts'
import type { NewVsReusedModel } from '../new-vs-reused.ts'
import { runCaptions } from '../models/captions.ts'
import { newConnectionTitle } from '../models/findings.ts'
import { intervalsNote, measuredOf, pathsOf } from '../models/shared.ts'

export const newVsReused: ChartModule<'new-vs-reused', NewVsReusedModel> = {
  kind: 'new-vs-reused',
  purpose: 'What opening a connection adds to a request.',
  note: 'Median of requests on an open connection, beside those that open one for themselves.',
  section: 'connections',
  per: 'run',
  modelOf,
  draw: newVsReusedChart,
}

function modelOf({ run: { result, summary } }: ChartSubject): NewVsReusedModel | undefined {
  const oneInFlight = result.loads.filter(({ profile }) => profileOf(profile).hasOneInFlight)
  const load = (connectsEachTime: boolean) =>
    oneInFlight.find(({ profile }) => profileOf(profile).connectsEachTime === connectsEachTime)?.id
  const [reused, fresh] = [load(false), load(true)]
  if (reused === undefined || fresh === undefined) return undefined
  const p50 = (id: string, name: string) => {
    const own = summary.paths.find((path) => path.path === name && path.load === id)
    return own && measuredOf(own.quantiles.p50)
  }
  const paths = pathsOf(summary, reused).map(({ path, hops, components }) => ({
    name: path,
    hops,
    chain: components.map((component) => component.kind),
    reusedNs: p50(reused, path),
    newNs: p50(fresh, path),
  }))
  const addedNs = paths.flatMap(({ reusedNs, newNs }) =>
    reusedNs && newNs ? [newNs.estimate - reusedNs.estimate] : [],
  )
  const note = intervalsNote(pathsOf(summary, fresh).map((path) => path.quantiles.p50))
  const remark = `median (p50) with ${note}; ×: new over reused`
  return {
    ...runCaptions(result, newConnectionTitle(result, addedNs), fresh, [remark]),
    quantity: 'median (p50)',
    paths,
  }
}
