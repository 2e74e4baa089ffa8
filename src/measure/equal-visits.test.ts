import { describe, expect, it } from 'vitest'
import { createLab } from '../backends/lab/lab.ts'
import { requires } from '../backends/lab/testing/requires.ts'
import { planScenario } from '../plan/plan-scenario.ts'
import type { RoundEvent } from '../results/schema.ts'
import { loadScenario } from '../scenario/load.ts'
import { componentKey } from '../topology/component.ts'
import { measure } from './run.ts'
import { fewRounds, ofType, smallRun } from './testing/small-run.ts'

/**
 * A component that one path uses and that is visited more often than that of another path is warmer, and its path reads
 * cheaper: an A/A control once made `single` 15 to 30 µs cheaper than `same-network` in every run.
 */
describe('nothing is visited more often than anything else', { timeout: 120_000 }, () => {
  it('in the lab: paths of one client, and components that only one of them uses, within one cycle per turn', async (context) => {
    await requires(context)
    const { scenario } = await loadScenario('hop-ladder')
    const plan = planScenario(scenario)
    const { options, events } = smallRun({
      backend: createLab(),
      plan,
      paths: plan.paths,
      rounds: { ...fewRounds, restarts: 2, durationMs: 500 },
    })
    await measure(options)
    const rounds = ofType(events, 'round')
    expect(rounds).toHaveLength(4)
    const clientOf = new Map(plan.paths.map(({ name, clientWorkload }) => [name, clientWorkload.name]))
    for (const client of new Set(clientOf.values())) {
      const own = plan.paths.filter(({ name }) => clientOf.get(name) === client)
      for (const round of rounds) {
        const visits = new Map(own.map(({ name }) => [name, visitsOf(round, name)]))
        // A turn may end within a cycle.
        expect(spreadOf([...visits.values()])).toBeLessThanOrEqual(1)
        const components = own.flatMap(({ rule }) => (rule.possible ? rule.components : [])).map(componentKey)
        const through = (key: string) =>
          own.filter(({ rule }) => rule.possible && rule.components.some((c) => componentKey(c) === key))
        const unshared = [...new Set(components)].filter((key) => through(key).length === 1)
        const ofComponents = unshared.map((key) => servedVia(round, through(key)[0]!.name))
        expect(spreadOf(ofComponents)).toBeLessThanOrEqual(1)
      }
    }
    // Something was compared at all: same-network, gateway and load-balancer each have components of their own.
    expect(Math.min(...rounds.flatMap(({ paths }) => paths.map(({ sent }) => sent)))).toBeGreaterThan(4)
  })

  it('on loopback: a run asks every path and every server equally often, whatever it asks beside them', async () => {
    const { options, events } = smallRun({ rounds: { ...fewRounds, warmupMs: 100 } })
    await measure(options)
    for (const round of ofType(events, 'round')) {
      expect(spreadOf([visitsOf(round, 'near'), visitsOf(round, 'far')])).toBeLessThanOrEqual(1)
    }
  })
})

function visitsOf(round: RoundEvent, path: string): number {
  return round.paths.find((own) => own.path === path)?.sent ?? 0
}

/** What the server at the end of the path says that it answered: nothing but this path's own requests. */
function servedVia(round: RoundEvent, path: string): number {
  return round.evidence.find((own) => own.path === path)?.served ?? 0
}

function spreadOf(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values)
}
