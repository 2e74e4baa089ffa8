import { decodeCounts } from './histogram-decode.ts'
import { limits, tooMany } from './limits.ts'
import { RunRules } from './rules.ts'
import type { RunResult } from './schema.ts'

/** @throws Error when what a `result.json` says contradicts itself, as {@link RunRules} does for a journal. */
export function checkResult(result: RunResult): void {
  const rules = new RunRules(result)
  const { builds, components, measured } = result
  for (const build of builds) rules.build(build)
  rules.components(components)
  const latencies = new Map<string, { all: number; valid: number }>()
  for (const round of measured) {
    rules.round(round)
    for (const ofTurn of [round, ...(round.turns ?? [])]) {
      if (ofTurn.componentCpuMs.length !== components.length) {
        throw new Error(`${ofTurn.componentCpuMs.length} CPU times of ${components.length} components`)
      }
    }
    for (const { path, load, n } of round.paths) {
      const key = JSON.stringify([path, load])
      const sum = latencies.get(key) ?? { all: 0, valid: 0 }
      latencies.set(key, sum)
      sum.all += n
      if (round.flags.length === 0) sum.valid += n
    }
  }
  for (const event of [...result.unreachable, ...result.evidence]) rules.event(event)
  for (const { evidence } of result.proofs) for (const seen of evidence) rules.event(seen)
  checkSums(result.histograms, latencies)
}

function checkSums(
  histograms: RunResult['histograms'],
  latencies: ReadonlyMap<string, { readonly all: number; readonly valid: number }>,
): void {
  const seen = new Set<string>()
  let buckets = 0
  for (const { path, load, warm, warmValid, cold, extra } of histograms) {
    const key = JSON.stringify([path, load])
    if (seen.has(key))
      throw new Error(`the histograms of path "${path}" under load "${load}" are there twice`)
    seen.add(key)
    const totals = [warm, warmValid, cold, ...Object.values(extra)].map((encoded) => {
      const { counts } = decodeCounts(encoded)
      buckets += counts.length
      if (buckets > limits['buckets per file']) throw new Error(tooMany('buckets per file'))
      return counts.reduce((sum, [, count]) => sum + count, 0)
    })
    const { all = 0, valid = 0 } = latencies.get(key) ?? {}
    if (totals[0] !== all || totals[1] !== valid) {
      const said = `${all} (${valid} valid)`
      throw new Error(
        `path "${path}" under load "${load}": ${totals[0]} latencies where its rounds have ${said}`,
      )
    }
  }
  const missing = [...latencies].find(([key, { all }]) => all > 0 && !seen.has(key))
  if (missing) throw new Error(`no histogram of ${missing[0]}, of which rounds have latencies`)
}
