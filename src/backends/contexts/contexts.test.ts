import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { verifyScenario } from '../../measure/verify-scenario.ts'
import { loadScenario } from '../../scenario/load.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import { Session } from '../kubernetes/session/session.ts'
import { FakeCluster } from '../kubernetes/testing/fake-cluster.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { takeDownSessions } from '../registry.ts'
import { createContexts, type ContextsOptions } from './contexts.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
  for (const name of ['mine-a', 'mine-b']) {
    const podSubnet = name === 'mine-a' ? '10.10.0.0/16' : '10.20.0.0/16'
    const config = {
      networking: { podSubnet, serviceSubnet: '10.110.0.0/16' },
      nodes: [{ role: 'control-plane' }],
    }
    fake.call(
      'kind',
      ['create', 'cluster', '--name', name, '--kubeconfig', userFile(), '--config', '-'],
      config,
    )
  }
  // The user has routed the pod CIDRs.
  fake.model(({ containers }) => {
    const [a, b] = Object.values(containers)
    a!.node!.routes.push({ dst: '10.20.0.0/24', gateway: b!.address! })
    b!.node!.routes.push({ dst: '10.10.0.0/24', gateway: a!.address! })
  })
  fake.forgetCalls()
})
afterEach(() => fake.close())

const quiet = { signal: new AbortController().signal, progress: () => {} }

function userFile(): string {
  return path.join(fake.folder, 'user-kubeconfig')
}

function options(more: Partial<ContextsOptions> = {}): ContextsOptions {
  const contexts = { 'east-1': 'kind-mine-a', 'east-2': 'kind-mine-b' }
  return { ...fake.options, execute: fake.inProcess(), contexts, kubeconfig: userFile(), ...more }
}

async function scenario() {
  return withoutMesh((await loadScenario('same-network')).scenario)
}

function objectsLeft(): readonly string[] {
  return fake.model(({ clusters }) => Object.values(clusters).flatMap(({ objects }) => Object.keys(objects)))
}

test('runs a scenario on clusters of the user and leaves nothing in them', { timeout: 120_000 }, async () => {
  const result = await verifyScenario({
    scenario: await scenario(),
    backend: createContexts(options()),
    ...quiet,
  })
  expect(result.evidence.map(({ verdict }) => verdict)).toEqual(['proven'])
  expect(objectsLeft()).toEqual([])
  expect(fake.leftovers().clusters).toEqual(['mine-a', 'mine-b'])
  expect(fake.calls.filter(({ name }) => name !== 'kubectl')).toEqual([])
  expect(Session.names(fake.sessions)).toEqual([])
})

test('down deletes its own namespaces only', async () => {
  const plan = planScenario(await scenario())
  await (await createContexts(options({ keep: true })).up(plan, quiet)).down()
  fake.model(({ clusters }) => {
    clusters['mine-a']!.objects['Namespace//theirs'] = {
      kind: 'Namespace',
      metadata: { name: 'theirs', labels: {} },
    }
  })
  expect(objectsLeft().length).toBeGreaterThan(4)
  await takeDownSessions('all', quiet, options())
  expect(objectsLeft()).toEqual(['Namespace//theirs'])
})

test('a namespace of the same name that is the user’s is refused and stays', async () => {
  const theirs = { kind: 'Namespace', metadata: { name: 'hopmeter-plain', labels: {} } }
  fake.model(({ clusters }) => {
    clusters['mine-b']!.objects['Namespace//hopmeter-plain'] = theirs
  })
  const up = createContexts(options()).up(planScenario(await scenario()), quiet)
  await expect(up).rejects.toThrow(/has a namespace "hopmeter-plain" that is not this testbed's/)
  expect(objectsLeft()).toEqual(['Namespace//hopmeter-plain'])
})

test('contexts that do not fit the scenario are refused', async () => {
  const plan = planScenario(await scenario())
  const up = async (contexts: Record<string, string>) => createContexts(options({ contexts })).up(plan, quiet)
  await expect(up({ 'east-1': 'kind-mine-a' })).rejects.toThrow(/no context is named for east-2/)
  await expect(up({ 'east-1': '', 'east-2': ' ' })).rejects.toThrow(/context of east-1, east-2 is empty/)
  await expect(up({ 'east-1': 'x', 'east-2': 'x' })).rejects.toThrow(/named for two clusters/)
  await expect(up({ 'east-1': 'x', 'east-2': 'y', west: 'z' })).rejects.toThrow(/has no cluster west/)
})
