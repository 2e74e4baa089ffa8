import { rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import { oneNetwork, system, twoNetworks, type Cases } from '../testing/damages.ts'
import { Standing } from '../testing/standing.ts'
import { pitfalls } from './pitfalls/find-pitfalls.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

describe('facts that are collected', () => {
  it.each(['multi-network-nlb', 'same-network', 'mixed'])(
    'say nothing of a healthy %s',
    async (name) => {
      expect(await (await Standing.up(fake, name)).findings()).toEqual([])
    },
    120_000,
  )

  it('take no pod that is gone for the one of its name that runs', { timeout: 120_000 }, async () => {
    const testbed = await Standing.up(fake, 'same-network')
    const [server] = testbed.plan.paths.map(({ serverWorkload }) => serverWorkload)
    const { cluster } = server!.placement
    testbed.change(cluster, ({ ztunnels }) => {
      for (const ztunnel of Object.values(ztunnels ?? {}))
        ztunnel.gonePods = [{ name: server!.name, namespace: 'hopmeter' }]
    })
    expect(await testbed.findings()).toEqual([])
  })

  it('tell each pitfall of two networks', { timeout: 300_000 }, async () => {
    expect(await toldOf('multi-network-nlb', twoNetworks)).toEqual(expected(twoNetworks))
  })

  it('tell each pitfall of one network', { timeout: 120_000 }, async () => {
    expect(await toldOf('same-network', oneNetwork)).toEqual(expected(oneNetwork))
  })

  it('are enough to fall into every pitfall', () => {
    const fallen = new Set([...twoNetworks, ...oneNetwork].map(([id]) => id))
    // One needs a third cluster: see the next test.
    expect(pitfalls.map(({ id }) => id).filter((id) => !fallen.has(id))).toEqual([14])
  })

  it('tell a server that runs in two clusters behind one gateway', { timeout: 120_000 }, async () => {
    const testbed = await Standing.up(fake, 'mixed')
    const { clusters } = testbed.parts()
    // cluster-2 becomes a second cluster of the gateway's network, with the service and a server of it.
    testbed.object(
      'cluster-2',
      system,
      ({ metadata }) => (metadata.labels['topology.istio.io/network'] = 'west'),
    )
    const server = 'server-cluster-3-n1'
    let pod: unknown
    testbed.change('cluster-3', ({ objects }) => void (pod = objects[`Pod/hopmeter/${server}`]))
    testbed.change('cluster-2', ({ objects }) => void (objects[`Pod/hopmeter/${server}`] = pod as object))
    expect(clusters).toHaveLength(3)
    const found = await testbed.findings()
    expect(found).toContainEqual([
      14,
      '1-to-3: the gateway of cluster-3 may forward to cluster-2, where the server runs, too',
    ])
  })
})

function expected(cases: Cases): readonly unknown[] {
  return cases.map(([id, message]) => [id, expect.stringMatching(message)])
}

/** What is said of each damage: on the same testbed, one after another, and put right again. */
async function toldOf(name: string, cases: Cases): Promise<readonly unknown[]> {
  const testbed = await Standing.up(fake, name)
  const healthy = testbed.fake.model((model) => structuredClone(model))
  const told: unknown[] = []
  for (const [id, message, damage] of cases) {
    const over = damage(testbed)
    const found = await testbed.findings(over ?? {})
    const texts = found.filter(([of]) => of === id).map(([, text]) => text)
    told.push([id, texts.find((text) => message.test(text)) ?? found])
    testbed.fake.model((model) => void Object.assign(model, structuredClone(healthy)))
    rmSync(path.join(fake.folder, 'traffic.ndjson'), { force: true })
  }
  return told
}
