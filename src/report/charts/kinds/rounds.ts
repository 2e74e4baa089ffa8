import type { ChartModule, ChartSubject } from '../chart-module.ts'
import { roundsChart } from '../rounds.ts'
import type { RoundsModel } from '../rounds.ts'
import { runCaptions } from '../models/captions.ts'
import { roundsTitle } from '../models/findings.ts'
import { short } from '../models/shared.ts'

export const rounds: ChartModule<'rounds', RoundsModel> = {
  kind: 'rounds',
  purpose: 'Every round in time order. Noise, drift and flagged rounds show here first.',
  note: 'One point per round. Shaded and crossed: rounds with a flag, whose numbers are suspect.',
  section: 'rounds',
  per: 'load',
  modelOf,
  draw: roundsChart,
}

function modelOf({ run: { result }, load }: ChartSubject): RoundsModel {
  const flags = [...new Set(result.measured.flatMap((round) => round.flags))]
  const remark =
    flags.length === 0 ? 'no round flagged' : `shaded and crossed: rounds flagged ${flags.join(', ')}`
  return {
    ...runCaptions(result, roundsTitle(result, load), load, [remark]),
    quantity: 'p50 of the round',
    rounds: result.measured.map(({ build, flags: own }) => ({ build, flags: own })),
    series: result.paths
      .filter((path) => path.hops !== null && path.controlOf === undefined)
      .map(({ name }) => ({
        name,
        ns: result.measured.map((round) => {
          const own = round.paths.find((p) => p.path === name && p.load === load)
          return own?.quantilesNs ? short(own.quantilesNs.p50) : undefined
        }),
      })),
  }
}
