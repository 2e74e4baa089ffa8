import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadScenario } from '../../../scenario/load.ts'
import { createKind } from '../../kind/kind.ts'
import { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import { nothing, quiet } from '../../kubernetes/testing/lives.ts'
import type { Execute } from '../../kubernetes/tools/execute.ts'
import { planScenario, type Plan } from '../../../plan/plan-scenario.ts'
import { takeDownSessions } from '../../registry.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const west = 'hm-multi-network-west'
const secret = (name: string) => `Secret/istio-system/${name}`
const token = secret('istio-reader-service-account-istio-remote-secret-token')

let fake: FakeCluster
let plan: Plan
beforeEach(async () => {
  fake = await FakeCluster.make()
  plan = planScenario((await loadScenario('multi-network')).scenario)
})
afterEach(() => fake.close())

/** Stands the testbed up and leaves it there. */
async function up(execute: Execute, signal = quiet.signal): Promise<void> {
  const backend = createKind({ ...fake.options, execute, keep: true })
  await (await backend.up(plan, { ...quiet, signal })).down()
}

async function takeDown(): Promise<void> {
  await takeDownSessions('all', quiet, { ...fake.options, execute: fake.inProcess() })
  expect(fake.leftovers()).toEqual(nothing)
}

function hasToken(): boolean {
  return fake.model(({ clusters }) => clusters[west]!.objects[token] !== undefined)
}

/** No cluster knows another, and no reader has a token. */
function forgetRemotes(): void {
  fake.model(({ clusters }) => {
    for (const { objects } of Object.values(clusters)) {
      for (const key of Object.keys(objects)) if (/istio-remote-secret-/.test(key)) delete objects[key]
    }
  })
}

/** Remote secrets by the cluster that has them. */
function remotes(): Readonly<Record<string, readonly string[]>> {
  return fake.model(({ clusters }) =>
    Object.fromEntries(
      Object.entries(clusters).map(([name, { objects }]) => [
        name,
        Object.keys(objects).filter((key) => key.startsWith(secret('istio-remote-secret-'))),
      ]),
    ),
  )
}

const createSecret = [
  ...['create-remote-secret', '--name', 'west', '--server', 'https://172.30.0.3:6443'],
  ...['--kubeconfig', 'theirs', '--context', `kind-${west}`],
]

function createForeignSecret(): Promise<unknown> {
  return fake.inProcess()({ file: 'istioctl', args: createSecret }, { timeoutMs: 60_000 })
}

const makesTokenOfWest = (args: readonly string[]) =>
  args[0] === 'create-remote-secret' && args.includes('west')

test('of two istioctl that make the first remote secret of a cluster at once, the second fails', async () => {
  await up(fake.inProcess())
  forgetRemotes()
  const [first, second] = await Promise.allSettled([createForeignSecret(), createForeignSecret()])
  expect(first.status).toBe('fulfilled')
  expect(second).toMatchObject({
    status: 'rejected',
    reason: { output: expect.stringMatching(/-istio-remote-secret-token" already exists$/) as string },
  })
  expect(await createForeignSecret()).toMatchObject({ stderr: '' })
  await takeDown()
})

test('an up asks for each remote secret once, however many clusters want to see one', async () => {
  plan = planScenario((await loadScenario('hop-ladder')).scenario)
  const execute = fake.inProcess()
  await up(execute)
  const asked = execute.log.filter((line) => line.startsWith('istioctl create-remote-secret '))
  const count = plan.scenario.topology.clusters.length
  expect(count).toBeGreaterThan(2)
  expect(asked).toHaveLength(count * (count - 1))
  await takeDown()
})

test('a token that somebody else makes meanwhile is used', async () => {
  await up(fake.inProcess())
  const before = remotes()
  forgetRemotes()
  const inner = fake.inProcess()
  const refused: unknown[] = []
  await up(async (command, options) => {
    const isFirst = makesTokenOfWest(command.args) && refused.length === 0 && !hasToken()
    if (isFirst) void createForeignSecret()
    return await inner(command, options).catch((error: unknown) => {
      if (isFirst) refused.push(error)
      throw error
    })
  })
  expect(refused).toHaveLength(1)
  expect(remotes()).toEqual(before)
  await takeDown()
})

test('an up that was stopped before a token was filled is carried on by the next', async () => {
  await up(fake.inProcess())
  const before = remotes()
  forgetRemotes()
  const stop = new AbortController()
  const inner = fake.inProcess()
  const stopped = up(async (command, options) => {
    const answer = inner(command, options)
    if (makesTokenOfWest(command.args)) {
      while (!hasToken()) await sleep(1)
      stop.abort(new Error('enough'))
    }
    return await answer
  }, stop.signal)
  await expect(stopped).rejects.toThrow('enough')
  expect(hasToken()).toBe(true)
  expect(Object.values(remotes()).flat()).not.toContain(secret('istio-remote-secret-west'))
  await up(fake.inProcess())
  expect(remotes()).toEqual(before)
  await takeDown()
})
