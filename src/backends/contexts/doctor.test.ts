import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadScenario } from '../../scenario/load.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import { FakeCluster } from '../kubernetes/testing/fake-cluster.ts'
import { backendEntry } from '../registry.ts'
import { contextsDoctor, type ContextsDoctorOptions } from './doctor.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let fake: FakeCluster
let execute: ReturnType<FakeCluster['inProcess']>
beforeEach(async () => {
  fake = await FakeCluster.make()
  const config = { networking: { podSubnet: '10.10.0.0/16' }, nodes: [{ role: 'control-plane' }] }
  fake.call('kind', ['create', 'cluster', '--name', 'a', '--kubeconfig', userFile(), '--config', '-'], config)
  fake.forgetCalls()
  execute = fake.inProcess()
})
afterEach(() => fake.close())

function userFile(): string {
  return path.join(fake.folder, 'user-kubeconfig')
}

function options(more: Partial<ContextsDoctorOptions> = {}): ContextsDoctorOptions {
  return { ...fake.options, execute, kubeconfig: userFile(), ...more }
}

const namesOf = (checks: readonly { readonly name: string }[]) => checks.map(({ name }) => name)

test('asks for what clusters of the user need and for nothing of kind', async () => {
  const { scenario } = await loadScenario('single-cluster')
  const report = await backendEntry('contexts').doctor([scenario, withoutMesh(scenario)], options())
  expect(report.ok).toBe(true)
  expect(namesOf(report.checks)).toEqual(['kubectl', 'kubeconfig', 'istioctl'])
  expect(report.scenarios.map(({ ok }) => ok)).toEqual([true, true])
  expect(new Set(fake.calls.map(({ name }) => name))).toEqual(new Set(['kubectl', 'istioctl']))
})

test('looks at the contexts that are named, and only by reading', async () => {
  const { scenario } = await loadScenario('single-cluster')
  const name = scenario.topology.clusters[0]!.name
  const contexts = { [name]: 'kind-a' }
  const report = await contextsDoctor([scenario], options({ contexts }))
  expect(report.checks).toContainEqual({
    name: `context ${name}`,
    ok: true,
    detail: expect.stringMatching(/^kind-a: 1 node, Kubernetes v1\./) as string,
  })
  expect(report.scenarios).toMatchObject([{ ok: true }])
  const asked = fake.calls.filter(({ args }) => args.includes('--context')).map(({ args }) => args.slice(4))
  expect(asked).toEqual([['get', 'nodes', '--output', 'json']])
})

test('a context that does not answer is named with what has to work, and so is one that no scenario has', async () => {
  const { scenario } = await loadScenario('single-cluster')
  const report = await contextsDoctor([scenario], options({ contexts: { elsewhere: 'nowhere' } }))
  expect(report.ok).toBe(false)
  const [check] = report.checks.filter(({ ok }) => !ok)
  expect(check).toMatchObject({
    name: 'context elsewhere',
    remedy: expect.stringContaining('--context nowhere') as string,
  })
  expect(report.scenarios[0]?.reason).toMatch(/no context is named for/)
})

test.each([
  ['a kubeconfig that does not exist', { kubeconfig: '/nonexistent/config' }, 'kubeconfig', /does not exist/],
  ['two kubeconfigs', { kubeconfig: `/a${path.delimiter}/b` }, 'kubeconfig', /names 2 files/],
] as const)('%s is missing, and no context is tried then', async (_, more, name, says) => {
  const report = await contextsDoctor([], options({ ...more, contexts: { one: 'kind-a' } }))
  expect(report.ok).toBe(false)
  expect(report.checks.find((check) => check.name === name)?.detail).toMatch(says)
  expect(report.checks.find((check) => check.name === 'context one')?.detail).toMatch(/^not tried/)
})

test('without a mesh nobody needs istioctl, and without kubectl nothing works', async () => {
  const { scenario } = await loadScenario('single-cluster')
  const broken = (file: string) =>
    fake.inProcess({ isStruck: (shown) => shown.startsWith(file), fault: 'fail' })
  const noIstioctl = await contextsDoctor(
    [scenario, withoutMesh(scenario)],
    options({ execute: broken('istioctl') }),
  )
  expect(noIstioctl.ok).toBe(true)
  expect(noIstioctl.scenarios.map(({ ok }) => ok)).toEqual([false, true])
  const noKubectl = await contextsDoctor([withoutMesh(scenario)], options({ execute: broken('kubectl') }))
  expect(noKubectl.ok).toBe(false)
  expect(noKubectl.scenarios.map(({ ok }) => ok)).toEqual([false])
})

test('scenarios that clusters of the user cannot carry are named with the reason', async () => {
  const scenarios = await Promise.all(
    ['regions', 'multi-network-nlb'].map(async (n) => (await loadScenario(n)).scenario),
  )
  const report = await contextsDoctor(scenarios, options())
  expect(report.scenarios.map(({ ok }) => ok)).toEqual([false, false])
  expect(report.scenarios[0]?.reason).toMatch(/delays/)
  expect(report.scenarios[1]?.reason).toMatch(/load balancer/)
})
