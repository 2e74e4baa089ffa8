import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadScenario } from '../../../scenario/load.ts'
import { withoutMesh } from '../../../scenario/without-mesh.ts'
import type { Execute } from '../../kubernetes/tools/execute.ts'
import { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import { kindDoctor } from './doctor.ts'
import { estimateInotifyInstances, estimateMemoryMiB } from './estimates.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

test('says what there is, and which scenarios this backend cannot run', async () => {
  const names = ['same-network', 'same-network-bgp', 'regions']
  const scenarios = await Promise.all(
    names.map(async (name) => withoutMesh((await loadScenario(name)).scenario)),
  )
  const report = await kindDoctor(scenarios, { ...fake.options, execute: fake.inProcess() })
  expect(report.ok).toBe(true)
  expect(report.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['docker', 'kind', 'kubectl', 'cgroup']),
  )
  expect(report.scenarios.map(({ ok }) => ok)).toEqual([true, false, false])
  expect(report.scenarios[1]?.reason).toMatch(/BGP are not supported on this backend/)
  expect(fake.leftovers().clusters).toEqual([])
})

test('asks for no istioctl where no scenario has a mesh', async () => {
  const { scenario } = await loadScenario('same-network')
  const namesFor = async (of: typeof scenario) => {
    const { checks } = await kindDoctor([of], { ...fake.options, execute: fake.inProcess() })
    return checks.map(({ name }) => name)
  }
  expect(await namesFor(scenario)).toContain('istioctl')
  expect(await namesFor(withoutMesh(scenario))).not.toContain('istioctl')
})

test('tries whether Docker starts privileged containers, once the node image is here', async () => {
  const { scenario } = await loadScenario('same-network')
  const checkOf = async (isRefused: boolean, nodeImage: string) => {
    const isStruck = (shown: string) => isRefused && shown.startsWith('docker run')
    const { ok, checks } = await kindDoctor([withoutMesh(scenario)], {
      ...fake.options,
      nodeImage,
      execute: fake.inProcess({ isStruck, fault: 'fail' }),
    })
    return { ok, check: checks.find(({ name }) => name === 'privileged containers') }
  }
  expect(await checkOf(false, 'node:20')).toMatchObject({ ok: true, check: { ok: true } })
  expect(await checkOf(true, 'node:20')).toMatchObject({
    ok: false,
    check: { ok: false, remedy: expect.stringContaining('privileged') as string },
  })
  expect(await checkOf(true, 'kindest/node:v1.33.7')).toEqual({ ok: true, check: undefined })
})

test('is not ok where no scenario can run, and says what would', async () => {
  const isStruck = (shown: string) => shown.startsWith('istioctl version')
  const { scenario } = await loadScenario('same-network')
  const doctor = (of: typeof scenario) =>
    kindDoctor([of], { ...fake.options, execute: fake.inProcess({ isStruck, fault: 'fail' }) })
  const report = await doctor(scenario)
  expect(report.ok).toBe(false)
  expect(report.scenarios[0]?.reason).toMatch(/^istioctl: .*; --mesh none needs none/)
  expect((await doctor(withoutMesh(scenario))).ok).toBe(true)
})

test('says which known defects of Istio touch the scenarios', async () => {
  const { scenario } = await loadScenario('multi-network')
  const { checks } = await kindDoctor([scenario], {
    ...{ ...fake.options, execute: fake.inProcess(), istio: '1.28.2', istioTag: '1.31.0' },
  })
  const said = checks.filter(({ name }) => name === 'istio 1.28.2').map(({ detail }) => detail)
  expect(said).toContainEqual(expect.stringMatching(/^istio\/istio#58047: /))
  expect(checks.find(({ name }) => name === 'istioctl')?.detail).toContain(
    '--istio says 1.28.2, the images’ tag 1.31.0',
  )
})

test('says what is known of every version that a run would measure', async () => {
  const { scenario } = await loadScenario('multi-network')
  const dataPlanes = ['1.30.3', '1.31.0'].map((istio) => ({ name: istio, istio }))
  const options = { ...fake.options, istio: '1.31.0', dataPlanes, execute: fake.inProcess() }
  const { checks } = await kindDoctor([scenario], options)
  for (const { istio } of dataPlanes) expect(checks.map(({ name }) => name)).toContain(`istio ${istio}`)
})

test('names what is missing and how to get it', async () => {
  const report = await kindDoctor([], {
    ...fake.options,
    execute: fake.inProcess({ isStruck: () => true, fault: 'fail' }),
  })
  expect(report.ok).toBe(false)
  const missing = report.checks.filter(({ ok }) => !ok)
  expect(missing.length).toBeGreaterThan(0)
  for (const check of missing) expect(check.remedy).toBeTruthy()
})

test('knows that Kubernetes 1.35 needs cgroup v2', async () => {
  const execute = fake.inProcess()
  const cgroupV1: typeof execute = Object.assign(
    async (...[command, options]: Parameters<typeof execute>) => {
      const result = await execute(command, options)
      return { ...result, stdout: result.stdout.replace('"CgroupVersion":"2"', '"CgroupVersion":"1"') }
    },
    { log: execute.log },
  )
  const of = async (nodeImage: string) => {
    const { checks } = await kindDoctor([], { ...fake.options, nodeImage, execute: cgroupV1 })
    return checks.find(({ name }) => name === 'cgroup')
  }
  expect(await of('kindest/node:v1.35.0')).toMatchObject({
    ok: false,
    detail: expect.stringContaining('v2') as string,
  })
  expect(await of('kindest/node:v1.34.0')).toMatchObject({ ok: true })
})

/** Programs of this machine that say other versions than the fakes. */
function saying(versions: Readonly<Record<string, string>>): Execute {
  const execute = fake.inProcess()
  return async (command, options) => {
    const result = await execute(command, options)
    const said = command.args[0] === 'version' ? versions[command.file] : undefined
    return said === undefined ? result : { ...result, stdout: said }
  }
}

test('a version that is none is not known, and no reason to refuse', async () => {
  const odd = { docker: 'dev', kind: 'kind unknown go1.24.6 linux/amd64', kubectl: '{}', istioctl: 'unknown' }
  const { scenario } = await loadScenario('same-network')
  const report = await kindDoctor([scenario], { ...fake.options, execute: saying(odd) })
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([])
  expect(report.ok).toBe(true)
  expect(report.scenarios.map(({ ok }) => ok)).toEqual([true])
  const details = Object.fromEntries(report.checks.map(({ name, detail }) => [name, detail]))
  expect(details).toMatchObject({
    docker: 'docker says its version is "dev": not known whether that is 20.10.0 or newer',
    kind: expect.stringMatching(/^kind says its version is "unknown": not known/) as string,
    kubectl: expect.stringMatching(/^kubectl says its version is "unknown": not known/) as string,
    istioctl: expect.stringMatching(/"unknown": not known whether its charts are those of Istio/) as string,
    cgroup: 'v2',
  })
})

test('a Docker that is too old is not one that does not answer', async () => {
  const report = await kindDoctor([], { ...fake.options, execute: saying({ docker: '19.03.15' }) })
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([
    expect.objectContaining({ name: 'docker', detail: 'docker 19.03.15 is older than 20.10.0' }),
  ])
  expect(report.checks.find(({ name }) => name === 'cgroup')).toMatchObject({ ok: true, detail: 'v2' })
})

test('an istioctl of another version is named, one of an unknown version is not refused', async () => {
  const of = async (istioctl: string) => {
    const { checks } = await kindDoctor([], { ...fake.options, execute: saying({ istioctl }) })
    return checks.find(({ name }) => name === 'istioctl')!
  }
  expect(await of('client version: 1.29.2')).toMatchObject({
    ok: false,
    detail: '1.29.2, but Istio 1.31.0 is to be installed',
  })
  expect(await of('client version: 1.31-dev')).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/"1\.31-dev": not known/) as string,
  })
})

test('estimates memory by clusters, nodes and mesh', async () => {
  const { scenario } = await loadScenario('hop-ladder')
  expect(estimateMemoryMiB(scenario)).toBeGreaterThan(estimateMemoryMiB(withoutMesh(scenario)) + 4 * 400)
})

test('counts inotify instances by nodes: the common limit of 128 is not enough for five in a mesh', async () => {
  const { scenario } = await loadScenario('hop-ladder')
  const plain = withoutMesh((await loadScenario('same-network')).scenario)
  expect(estimateInotifyInstances(scenario)).toBeGreaterThan(128)
  expect(estimateInotifyInstances(plain)).toBeLessThan(128)
  const reasons = async (limit: number) => {
    const options = { ...fake.options, execute: fake.inProcess() }
    const report = await kindDoctor([withoutMesh(scenario), plain], options, { max_user_instances: limit })
    expect(report.checks.find(({ name }) => name === 'inotify max_user_instances')?.ok).toBe(true)
    return report.scenarios.map(({ ok, reason }) => [ok, reason])
  }
  expect(await reasons(128)).toEqual([
    [
      false,
      expect.stringMatching(/inotify instances, the limit is 128: sysctl fs\.inotify\.max_user_instances=/),
    ],
    [true, expect.stringMatching(/GiB/)],
  ])
  expect((await reasons(1024)).map(([ok]) => ok)).toEqual([true, true])
})
