import type { MeshFacts } from '../mesh-facts.ts'
import { controlPlanePitfalls } from './control-plane.ts'
import { gatewayPitfalls } from './gateways.ts'
import { measurementPitfalls } from './measurement.ts'
import { networkPitfalls } from './network.ts'
import type { Finding, Pitfall } from './pitfall.ts'
import { workloadPitfalls } from './workloads.ts'

/** All that are known, by their ids. */
export const pitfalls: readonly Pitfall[] = [
  ...networkPitfalls,
  ...controlPlanePitfalls,
  ...gatewayPitfalls,
  ...workloadPitfalls,
  ...measurementPitfalls,
].toSorted((a, b) => a.id - b.id)

export function findPitfalls(facts: MeshFacts): readonly Finding[] {
  return pitfalls.flatMap((pitfall) => pitfall.check(facts).map((message) => ({ pitfall, message })))
}

/** What makes paths wrong or missing. */
export function findErrors(facts: MeshFacts): readonly Finding[] {
  return findPitfalls(facts).filter(({ pitfall }) => pitfall.severity === 'error')
}

/** Why such findings come about and what helps, each once. */
export function remediesOf(findings: readonly Finding[]): string {
  return [...new Set(findings.map(({ pitfall }) => `${pitfall.why}. ${pitfall.remedy}`))].join('\n')
}
