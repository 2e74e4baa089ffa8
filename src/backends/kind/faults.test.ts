import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadScenario } from '../../scenario/load.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import { FakeCluster, type Fault } from '../kubernetes/testing/fake-cluster.ts'
import { commandKinds, strike, struckBy } from '../kubernetes/testing/faults.ts'
import { nothing, quiet } from '../kubernetes/testing/lives.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { createKind } from './kind.ts'

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
  // Somebody else's, which must be there untouched after everything.
  fake.model((model) => {
    model.clusters['theirs'] = { objects: { 'Namespace//istio-system': { kind: 'Namespace' } } }
    model.containers['their-database'] = { running: true, mounts: ['/var'] }
  })
})
afterEach(() => fake.close())

const foreign = { ...nothing, clusters: ['theirs'], containers: ['their-database'] }

describe('a fault at each kind of command that Istio needs', () => {
  test.for<Fault>(['fail', 'hang', 'rubbish'])(
    '%s: the step is named, everything is cleaned up, and the next up converges',
    { timeout: 600_000 },
    async (fault) => {
      // Every step of Istio: a load balancer in front of a gateway.
      const { scenario } = await loadScenario('multi-network-nlb')
      const theirs = fake.model(({ clusters, containers }) =>
        JSON.stringify([clusters['theirs'], containers['their-database']]),
      )
      // What clusters without a mesh need is tested with them.
      const known = new Set(await commandKinds(fake, withoutMesh(scenario)))
      const kinds = (await commandKinds(fake, scenario)).filter((kind) => !known.has(kind))
      expect(kinds.length).toBeGreaterThan(25)
      for (const kind of struckBy(kinds, fault)) await strike(fake, scenario, kind, fault, foreign)
      const options = { ...fake.options, execute: fake.inProcess() }
      await (await createKind(options).up(planScenario(scenario), quiet)).down()
      expect(fake.leftovers()).toEqual(foreign)
      const after = fake.model(({ clusters, containers }) =>
        JSON.stringify([clusters['theirs'], containers['their-database']]),
      )
      expect(after).toBe(theirs)
      expect(fake.isUserKubeconfigUntouched).toBe(true)
    },
  )
})
