import { readlinkSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EnvironmentError } from '../../../errors.ts'
import { run, start } from '../../../process/exec.ts'
import { loadScenario } from '../../../scenario/load.ts'
import { withoutMesh } from '../../../scenario/without-mesh.ts'
import { requires, requiresRoot } from '../../lab/testing/requires.ts'
import { planScenario } from '../../../plan/plan-scenario.ts'
import { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import { quiet } from '../../kubernetes/testing/lives.ts'
import type { Visitor } from '../../standing.ts'
import { createKind } from '../kind.ts'
import { standingKind } from './standing-kind.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

const visitor: Visitor = { file: 'readlink', args: ['/proc/self/ns/net'], cwd: '/' }

/** A kept testbed without a mesh. */
async function kept() {
  const options = { ...fake.options, execute: fake.inProcess(), keep: true }
  const { scenario } = await loadScenario('same-network')
  await (await createKind(options).up(planScenario(withoutMesh(scenario)), quiet)).down()
  const [testbed, ...others] = standingKind(options)
  if (!testbed || others.length > 0) throw new Error('not one testbed stands')
  return testbed
}

test('a kept testbed of kind says which pods it has, with their addresses', async () => {
  const testbed = await kept()
  const { signal } = quiet
  const places = await testbed.places(signal)
  expect(testbed).toMatchObject({ backend: 'kind', scenario: 'same-network', holder: undefined })
  expect(places.map(({ name }) => name)).toContain('client-east-1-n1-plain')
  for (const { kind, address } of places) {
    expect(kind).toMatch(/^pod of hopmeter-plain on \S+-control-plane$/)
    expect(address).toMatch(/^127\./)
  }
})

test('a program of the host gets into the network of a pod through its node, and into nothing else', async (context) => {
  await requires(context)
  requiresRoot(context)
  const testbed = await kept()
  const { signal } = quiet
  const pod = start('unshare', ['--net', 'cat'])
  try {
    const inPod = () => readlinkSync(`/proc/${pod.pid}/ns/net`)
    const ours = readlinkSync('/proc/self/ns/net')
    await vi.waitFor(() => expect(inPod()).not.toBe(ours), { timeout: 30_000 })
    fake.model(({ containers }) => {
      for (const container of Object.values(containers)) {
        Object.assign(container, { pid: process.pid, podPid: pod.pid })
      }
    })
    const [place] = await testbed.places(signal)
    const { file, args } = await testbed.enter(place!, visitor, signal)
    expect((await run(file, args)).stdout).toBe(inPod())
    const mount = await testbed.enter(place!, { ...visitor, args: ['/proc/self/ns/mnt'] }, signal)
    expect((await run(mount.file, mount.args)).stdout).toBe(readlinkSync('/proc/self/ns/mnt'))
  } finally {
    pod.kill('SIGKILL')
    await pod.done.catch(() => {})
  }
})

test('a pod of a Docker on another machine is refused, with what can be done instead', async (context) => {
  requiresRoot(context)
  const testbed = await kept()
  const { signal } = quiet
  fake.model(({ containers }) => {
    // Its processes have numbers here too, but they are others.
    for (const container of Object.values(containers)) {
      Object.assign(container, { pid: 2 ** 22 + 1, podPid: process.pid })
    }
  })
  const [place] = await testbed.places(signal)
  const refused = testbed.enter(place!, visitor, signal)
  await expect(refused).rejects.toThrow(EnvironmentError)
  await expect(refused).rejects.toThrow(/runs on another machine, or in a virtual one/)
  await expect(refused).rejects.toMatchObject({
    hint: expect.stringMatching(
      /kubectl --kubeconfig \S+ --namespace hopmeter-plain debug client-/,
    ) as string,
  })
})

test('a pod whose process nobody tells of is refused', async () => {
  const testbed = await kept()
  const { signal } = quiet
  const [place] = await testbed.places(signal)
  await expect(testbed.enter(place!, visitor, signal)).rejects.toThrow(
    /its container runtime does not say which process it is/,
  )
})
