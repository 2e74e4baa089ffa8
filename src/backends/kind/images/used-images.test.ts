import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadScenario } from '../../../scenario/load.ts'
import { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import { quiet } from '../../kubernetes/testing/lives.ts'
import { planScenario } from '../../../plan/plan-scenario.ts'
import { loadBalancerImage } from '../../versions.ts'
import { createKind } from '../kind.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

test('a result names every image by the digest that was really used', async () => {
  const plan = planScenario((await loadScenario('multi-network-nlb')).scenario)
  const testbed = await createKind({ ...fake.options, execute: fake.inProcess() }).up(plan, quiet)
  const { facts } = testbed
  await testbed.down()
  const digest = (image: string) => `sha256:${createHash('sha256').update(image).digest('hex')}`
  expect(facts['agentImage']).toBe(`node:20@${digest('node:20')}`)
  expect(facts['loadBalancerImage']).toBe(`${loadBalancerImage}@${digest(loadBalancerImage)}`)
  for (const name of ['nodeImage', 'istiod', 'ztunnel', 'gateway'])
    expect([name, facts[name]]).toEqual([name, expect.stringMatching(/^\S+@sha256:[0-9a-f]{64}$/)])
  expect(facts).toMatchObject({ gatewayApi: 'v1.6.0', gatewayApiSha256: 'unknown' })
})
