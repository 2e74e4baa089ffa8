import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadScenario } from '../scenario/load.ts'
import type { Scenario } from '../scenario/types.ts'
import { pathRule } from '../topology/path-rule.ts'
import { endsWithin, topologies } from '../topology/testing/arbitraries.ts'
import { planScenario } from './plan-scenario.ts'
import { namespaceOf, serviceHostname } from './names.ts'

describe('planScenario', () => {
  it('hop-ladder needs two clients and five servers for its five paths', async () => {
    const plan = planScenario((await loadScenario('hop-ladder')).scenario)
    expect(plan.workloads.map((w) => w.name)).toEqual([
      'client-east-1-n1-plain',
      'server-east-1-n2-plain',
      'client-east-1-n1',
      'server-east-1-n2',
      'server-east-2-n1',
      'server-west-n1',
      'server-south-n1',
    ])
    expect(plan.paths.map((p) => [p.name, p.clientWorkload.name, p.serverWorkload.name])).toEqual([
      ['no-mesh', 'client-east-1-n1-plain', 'server-east-1-n2-plain'],
      ['single', 'client-east-1-n1', 'server-east-1-n2'],
      ['same-network', 'client-east-1-n1', 'server-east-2-n1'],
      ['gateway', 'client-east-1-n1', 'server-west-n1'],
      ['load-balancer', 'client-east-1-n1', 'server-south-n1'],
    ])
  })

  it('keeps the reason of a path that must not exist', async () => {
    const plan = planScenario((await loadScenario('same-network-unrouted')).scenario)
    expect(plan.paths.map((p) => p.rule)).toEqual([
      expect.objectContaining({ possible: true, hops: 4 }),
      expect.objectContaining({ possible: false, code: 'unrouted' }),
    ])
  })

  it('pods outside the mesh have a namespace of their own', async () => {
    const { paths } = planScenario((await loadScenario('hop-ladder')).scenario)
    expect(namespaceOf(paths[0]!.serverWorkload)).toBe('hopmeter-plain')
    expect(serviceHostname(paths[0]!.serverWorkload)).toBe(
      'server-east-1-n2-plain.hopmeter-plain.svc.cluster.local',
    )
    expect(serviceHostname(paths[3]!.serverWorkload)).toBe('server-west-n1.hopmeter.svc.cluster.local')
  })

  it('variants have every path and every pod once each, and components of their own', async () => {
    const { scenario } = await loadScenario('hop-ladder')
    const plan = planScenario(scenario, [{ name: 'base' }, { name: 'pr' }])
    expect(plan.paths.map(({ name }) => name).slice(0, 4)).toEqual([
      'no-mesh@base',
      'no-mesh@pr',
      'single@base',
      'single@pr',
    ])
    expect(plan.workloads).toHaveLength(14)
    const [base, pr] = plan.paths.filter(({ scenarioPath }) => scenarioPath === 'gateway')
    expect(base?.clientWorkload.name).toBe('client-east-1-n1-base')
    expect(pr?.serverWorkload.name).toBe('server-west-n1-pr')
    expect(base?.mix).toBe(pr?.mix)
    const rule = pr?.rule
    expect(rule?.possible && rule.components.map(({ kind, variant }) => `${kind} ${variant}`)).toEqual([
      'client-pod pr',
      'ztunnel pr',
      'east-west-gateway pr',
      'ztunnel pr',
      'server-pod pr',
    ])
  })

  it('for every scenario: each pod once, all of them used, all paths ruled', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const plan = planScenario(scenario)
        const names = plan.workloads.map((w) => w.name)
        expect(new Set(names).size).toBe(names.length)
        const used = plan.paths.flatMap((p) => [p.clientWorkload, p.serverWorkload])
        expect(new Set(used)).toEqual(new Set(plan.workloads))
        for (const [i, path] of plan.paths.entries()) {
          expect(path).toMatchObject(scenario.paths[i]!)
          expect(path.rule).toEqual(pathRule(scenario.topology, path))
          expect(path.clientWorkload).toMatchObject({
            role: 'client',
            placement: path.client,
            mesh: path.mesh,
          })
          expect(path.serverWorkload).toMatchObject({
            role: 'server',
            placement: path.server,
            mesh: path.mesh,
          })
          // A DNS label: Kubernetes object names and host names are made of it.
          expect(path.serverWorkload.name).toMatch(/^[a-z0-9-]{1,63}$/)
        }
      }),
    )
  })
})

const scenarios: fc.Arbitrary<Scenario> = topologies.chain((topology) =>
  fc.array(endsWithin(topology), { minLength: 1, maxLength: 6 }).map((paths) => ({
    name: 'any',
    title: 'Any',
    description: '',
    topology,
    routeMode: 'static',
    delays: [],
    paths: paths.map((ends, i) => {
      const rule = pathRule(topology, ends)
      const hops = rule.possible ? (rule.hops as 2 | 3 | 4 | 5 | 6) : 'unreachable'
      return { ...ends, name: `p${i}`, expect: hops }
    }),
    loads: [{ profile: 'connect', requestBytes: 1, responseBytes: 1 }],
    rounds: { count: 1, durationMs: 100, warmupMs: 0, builds: 1, restarts: 1 },
  })),
)
