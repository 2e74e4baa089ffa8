import { existsSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UsageError } from '../../../errors.ts'
import { loadScenario } from '../../../scenario/load.ts'
import { withoutMesh } from '../../../scenario/without-mesh.ts'
import { Session } from '../../kubernetes/session/session.ts'
import { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import { nothing, quiet } from '../../kubernetes/testing/lives.ts'
import { planScenario, type Plan } from '../../../plan/plan-scenario.ts'
import { takeDownSessions } from '../../registry.ts'
import { kindDoctor } from '../doctor/doctor.ts'
import { createKind } from '../kind.ts'
import { kindNetwork } from './provider.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => {
  vi.unstubAllEnvs()
  fake.close()
})

async function onePlan(): Promise<Plan> {
  return planScenario(withoutMesh((await loadScenario('single-cluster')).scenario))
}

test.for(['podman', 'nerdctl', 'finch', 'Docker', 'no such thing'])(
  'with %s as kind’s provider plan, up and doctor say what is supported, and nothing is made or claimed',
  async (provider) => {
    vi.stubEnv('KIND_EXPERIMENTAL_PROVIDER', provider)
    const options = { ...fake.options, execute: fake.inProcess() }
    const plan = await onePlan()
    const refusal = new RegExp(`KIND_EXPERIMENTAL_PROVIDER asks for "${provider}".* in Docker only`)
    expect(() => createKind(options).steps(plan)).toThrow(refusal)
    const failure = await Promise.resolve()
      .then(() => createKind(options).up(plan, quiet))
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UsageError)
    expect(failure).toMatchObject({
      message: expect.stringMatching(refusal) as string,
      hint: expect.stringMatching(/unset KIND_EXPERIMENTAL_PROVIDER/) as string,
    })
    expect(fake.calls).toEqual([])
    expect(existsSync(fake.sessions)).toBe(false)
    const report = await kindDoctor([plan.scenario], options)
    expect(report.ok).toBe(false)
    expect(report.checks.find(({ name }) => name === 'provider')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(refusal) as string,
    })
    expect(report.scenarios.map(({ ok }) => ok)).toEqual([false])
  },
)

test.for(['', 'docker'])('kind is told to take Docker by every call, with "%s" too', async (provider) => {
  vi.stubEnv('KIND_EXPERIMENTAL_PROVIDER', provider)
  const options = { ...fake.options, execute: fake.inProcess() }
  await (await createKind(options).up(await onePlan(), quiet)).down()
  const calls = fake.calls.filter(({ name }) => name === 'kind')
  expect(calls.length).toBeGreaterThan(2)
  expect(calls.map(({ provider: told }) => told)).toEqual(calls.map(() => 'docker'))
  expect(fake.leftovers()).toEqual(nothing)
})

test('what is not in this Docker but was made in another one is not given up', async () => {
  const options = { ...fake.options, execute: fake.inProcess(), keep: true }
  const plan = await onePlan()
  await (await createKind(options).up(plan, quiet)).down()
  const there = fake.model((model) => {
    const { daemon, clusters, containers } = model
    Object.assign(model, { daemon: 'another', clusters: {}, containers: {} })
    return { daemon, clusters, containers }
  })
  const refusal = {
    message: expect.stringMatching(/made in another Docker than the one that answers/) as string,
    hint: expect.stringMatching(/DOCKER_HOST/) as string,
  }
  await expect(takeDownSessions('all', quiet, options)).rejects.toMatchObject(refusal)
  await expect(createKind(options).up(plan, quiet)).rejects.toMatchObject(refusal)
  expect(fake.leftovers().clusters).toEqual([])
  expect(Session.names(fake.sessions)).toEqual(['single-cluster'])
  fake.model((model) => Object.assign(model, there))
  await takeDownSessions('all', quiet, options)
  expect(fake.leftovers()).toEqual(nothing)
  expect(Session.names(fake.sessions)).toEqual([])
})

test('load balancers stand on the network on which kind puts its nodes', () => {
  expect(kindNetwork({})).toBe('kind')
  expect(kindNetwork({ KIND_EXPERIMENTAL_DOCKER_NETWORK: '' })).toBe('kind')
  expect(kindNetwork({ KIND_EXPERIMENTAL_DOCKER_NETWORK: 'lan' })).toBe('lan')
})
