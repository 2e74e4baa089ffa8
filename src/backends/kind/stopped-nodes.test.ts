import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadScenario } from '../../scenario/load.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import { FakeCluster } from '../kubernetes/testing/fake-cluster.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { createKind } from './kind.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

test.for([true, false])('says which nodes stopped while the testbed was in use, kept: %s', async (keep) => {
  const plan = planScenario(withoutMesh((await loadScenario('same-network')).scenario))
  const said: string[] = []
  const context = { signal: new AbortController().signal, progress: (line: string) => said.push(line) }
  const testbed = await createKind({ ...fake.options, execute: fake.inProcess(), keep }).up(plan, context)
  fake.model(({ containers }) => {
    containers['hm-same-network-east-2-control-plane']!.running = false
  })
  said.length = 0
  await testbed.down()
  expect(said[0]).toBe('not running any more, of cluster east-2: hm-same-network-east-2-control-plane')
  expect(said.filter((line) => line.includes('not running'))).toHaveLength(1)
})
