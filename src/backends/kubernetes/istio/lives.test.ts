import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verifyScenario } from '../../../measure/verify-scenario.ts'
import { loadScenario } from '../../../scenario/load.ts'
import type { Scenario } from '../../../scenario/types.ts'
import { planScenario } from '../../plan.ts'
import { takeDownSessions } from '../down.ts'
import { createKind } from '../kind.ts'
import { Session } from '../session.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { isRead, nothing, quiet } from '../testing/lives.ts'

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

async function scenarioOf(name: string): Promise<Scenario> {
  return (await loadScenario(name)).scenario
}

describe('whole lives with Istio', () => {
  test.for([
    'hop-ladder',
    'same-network',
    'multi-network',
    'multi-network-nlb',
    'mixed',
    'same-network-vxlan',
    'single-cluster',
    'same-network-unrouted',
  ])('%s: up, an up that only reads, proof, down, and nothing left', { timeout: 300_000 }, async (name) => {
    const scenario = await scenarioOf(name)
    const plan = planScenario(scenario)
    const options = { ...fake.options, keep: true }
    const first = await createKind({ ...options, execute: fake.inProcess() }).up(plan, quiet)
    await first.down()
    const second = fake.inProcess()
    const backend = createKind({ ...options, execute: second })
    const result = await verifyScenario({ scenario, backend, ...quiet })
    expect(second.log.filter((line) => !isRead(line))).toEqual([])
    expect(result.evidence.map(({ path, verdict, reasons }) => [path, verdict, reasons])).toEqual(
      result.evidence.map(({ path }) => [path, 'proven', []]),
    )
    for (const path of plan.paths.filter(({ rule }) => rule.possible)) {
      const seen = result.evidence.find((evidence) => evidence.path === path.name)!
      expect([path.name, seen.observed.length]).toEqual([path.name, path.expect])
    }
    expect(result.unreachable.map(({ path, confirmed }) => [path, confirmed])).toEqual(
      plan.paths.filter(({ rule }) => !rule.possible).map((path) => [path.name, true]),
    )
    expect(result.ok).toBe(true)
    expect(await takeDownSessions('all', quiet, { ...options, execute: second })).toEqual([name])
    expect(fake.leftovers()).toEqual(nothing)
    expect(Session.names(fake.sessions)).toEqual([])
    expect(fake.isUserKubeconfigUntouched).toBe(true)
  })
})
