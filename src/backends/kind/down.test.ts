import { cpSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadScenario } from '../../scenario/load.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import type { Backend } from '../backend.ts'
import { createContexts } from '../contexts/contexts.ts'
import { Session } from '../kubernetes/session/session.ts'
import { FakeCluster, type Fault } from '../kubernetes/testing/fake-cluster.ts'
import { kindOf } from '../kubernetes/testing/faults.ts'
import { quiet } from '../kubernetes/testing/lives.ts'
import type { KubernetesOptions } from '../kubernetes/tools/options.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { takeDownSessions } from '../registry.ts'
import { createKind } from './kind.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

const faults: readonly Fault[] = ['fail', 'hang', 'rubbish']

/** All that there is; without the testbed it is what belongs to others. */
function world(): string {
  return fake.model(({ clusters, containers }) => JSON.stringify([clusters, containers]))
}

/** Stands a testbed up once, and gives a way to have it back as it stood, without its pods' programs. */
async function standing(backend: Backend, scenarioName: string, isPlain: boolean) {
  const { scenario } = await loadScenario(scenarioName)
  const plan = planScenario(isPlain ? withoutMesh(scenario) : scenario)
  await (await backend.up(plan, quiet)).down()
  const saved = path.join(fake.folder, 'saved-state')
  cpSync(fake.sessions, saved, { recursive: true })
  const model = fake.model((own) => JSON.stringify({ ...own, processes: {} }))
  return () => {
    rmSync(fake.sessions, { recursive: true, force: true })
    cpSync(saved, fake.sessions, { recursive: true })
    fake.model((own) => Object.assign(own, JSON.parse(model) as object))
  }
}

/** Whatever strikes a `down`: what it says is true, and the next one does the rest. */
async function strikeEach(options: KubernetesOptions, stand: () => void, left: string): Promise<void> {
  const whole = fake.inProcess()
  await takeDownSessions('all', quiet, { ...options, execute: whole })
  expect(world()).toBe(left)
  const kinds = [...new Set(whole.log.map((line) => kindOf(line)))]
  expect(kinds.length).toBeGreaterThanOrEqual(2)
  for (const kind of kinds) {
    for (const fault of faults) {
      stand()
      const struck: string[] = []
      const isStruck = (shown: string) => kindOf(shown) === kind && struck.push(shown) > 0
      const execute = fake.inProcess({ isStruck, fault })
      const what = `${fault} at ${kind}`
      const problem = await takeDownSessions('all', quiet, { ...options, execute }).then(
        () => undefined,
        (error: Error) => error.message,
      )
      expect([what, struck.length]).toEqual([what, 1])
      if (problem !== undefined) {
        expect([what, problem]).toEqual([what, expect.stringMatching(/cluster|container|namespace/)])
        expect([what, Session.names(fake.sessions)]).not.toEqual([what, []])
        await takeDownSessions('all', quiet, { ...options, execute: fake.inProcess() })
      }
      expect([what, world()]).toEqual([what, left])
      expect([what, Session.names(fake.sessions)]).toEqual([what, []])
    }
  }
}

test('a fault at any command of a down on kind: nothing stays that nobody knows of', async () => {
  fake.model((model) => {
    model.clusters['theirs'] = { objects: { 'Namespace//istio-system': { kind: 'Namespace' } } }
    model.containers['their-database'] = { running: true, mounts: ['/var'] }
  })
  const left = world()
  const backend = createKind({ ...fake.options, execute: fake.inProcess(), keep: true })
  const stand = await standing(backend, 'multi-network-nlb', false)
  await strikeEach(fake.options, stand, left)
  expect(fake.isUserKubeconfigUntouched).toBe(true)
})

test('a fault at any command of a down in clusters of the user: neither', async () => {
  const kubeconfig = path.join(fake.folder, 'user-kubeconfig')
  for (const name of ['mine-a', 'mine-b']) {
    const podSubnet = name === 'mine-a' ? '10.10.0.0/16' : '10.20.0.0/16'
    const nodes = [{ role: 'control-plane' }]
    const config = { networking: { podSubnet, serviceSubnet: '10.110.0.0/16' }, nodes }
    fake.call(
      'kind',
      ['create', 'cluster', '--name', name, '--kubeconfig', kubeconfig, '--config', '-'],
      config,
    )
  }
  const user = readFileSync(kubeconfig, 'utf8')
  const contexts = { 'east-1': 'kind-mine-a', 'east-2': 'kind-mine-b' }
  const options = { ...fake.options, kubeconfig, contexts }
  fake.model(({ clusters }) => {
    const namespace = { kind: 'Namespace', metadata: { name: 'theirs', labels: {} } }
    clusters['mine-a']!.objects['Namespace//theirs'] = namespace
  })
  const backend = createContexts({ ...options, execute: fake.inProcess(), keep: true })
  const stand = await standing(backend, 'same-network', true)
  const left = fake.model(({ clusters, containers }) => {
    for (const { objects } of Object.values(clusters)) {
      for (const key of Object.keys(objects)) if (/hopmeter/.test(key)) delete objects[key]
    }
    return JSON.stringify([clusters, containers])
  })
  stand()
  await strikeEach(options, stand, left)
  expect(readFileSync(kubeconfig, 'utf8')).toBe(user)
})
