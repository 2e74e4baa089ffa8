import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { expandLoads } from '../../load/profiles.ts'
import { wholeRun } from '../../measure/resume.ts'
import { measure } from '../../measure/run.ts'
import { verifyScenario, type VerifyResult } from '../../measure/verify-scenario.ts'
import type { JournalEvent } from '../../results/schema.ts'
import { loadScenario } from '../../scenario/load.ts'
import type { Scenario } from '../../scenario/types.ts'
import { Session } from '../kubernetes/session/session.ts'
import { FakeCluster } from '../kubernetes/testing/fake-cluster.ts'
import { isRead, nothing, quiet } from '../kubernetes/testing/lives.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { takeDownSessions } from '../registry.ts'
import { createKind } from './kind.ts'

/** The part of objects that these tests read or damage. */
interface KubeObject {
  readonly metadata: { readonly labels: Record<string, string> }
  spec?: { template: { spec: { containers: { env: { value: string }[] }[] } } }
  status?: Record<string, unknown>
}

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

async function scenarioOf(name: string): Promise<Scenario> {
  return (await loadScenario(name)).scenario
}

/** A short turn on a busy machine may end before anybody answered: that is no verdict, so it is asked again. */
async function verdictOf(verify: () => Promise<VerifyResult>): Promise<VerifyResult> {
  for (let left = 5; ; left--) {
    const result = await verify()
    const isSilent = result.evidence.some(({ answeredBy }) => answeredBy.length === 0)
    if (!isSilent || left === 0) return result
  }
}

describe('whole lives with Istio', () => {
  test.for([
    'hop-ladder',
    'same-network',
    'multi-network',
    'multi-network-nlb',
    'mixed',
    'same-network-vxlan',
    'single-cluster',
    'same-network-unrouted',
  ])('%s: up, an up that only reads, proof, down, and nothing left', { timeout: 300_000 }, async (name) => {
    const scenario = await scenarioOf(name)
    const plan = planScenario(scenario)
    const options = { ...fake.options, keep: true }
    const first = await createKind({ ...options, execute: fake.inProcess() }).up(plan, quiet)
    await first.down()
    const second = fake.inProcess()
    const backend = createKind({ ...options, execute: second })
    const result = await verdictOf(() => verifyScenario({ scenario, backend, ...quiet }))
    expect(second.log.filter((line) => !isRead(line))).toEqual([])
    expect(result.evidence.map(({ path, verdict, reasons }) => [path, verdict, reasons])).toEqual(
      result.evidence.map(({ path }) => [path, 'proven', []]),
    )
    for (const path of plan.paths.filter(({ rule }) => rule.possible)) {
      const seen = result.evidence.find((evidence) => evidence.path === path.name)!
      expect([path.name, seen.observed.length]).toEqual([path.name, path.expect])
    }
    expect(result.unreachable.map(({ path, confirmed }) => [path, confirmed])).toEqual(
      plan.paths.filter(({ rule }) => !rule.possible).map((path) => [path.name, true]),
    )
    expect(result.ok).toBe(true)
    expect(await takeDownSessions('all', quiet, { ...options, execute: second })).toEqual([name])
    expect(fake.leftovers()).toEqual(nothing)
    expect(Session.names(fake.sessions)).toEqual([])
    expect(fake.isUserKubeconfigUntouched).toBe(true)
  })
})

describe('a testbed with Istio that is kept', () => {
  test('has a proxy that leads nowhere but to the gateway, also after Docker started it anew', async () => {
    const scenario = await scenarioOf('multi-network-nlb')
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    const steps: string[] = []
    const up = async () => {
      const progress = (step: string) => void steps.push(step)
      await (await createKind(options).up(planScenario(scenario), { ...quiet, progress })).down()
    }
    const name = 'hm-multi-network-nlb-west-lb'
    const refused = () =>
      fake.model(({ containers }) => containers[name]?.routes?.map(({ dst, type }) => `${type} ${dst}`))
    const wanted = scenario.topology.clusters.map(({ podCidr }) => `unreachable ${podCidr}`)
    await up()
    expect(refused()).toEqual(wanted)
    fake.model(({ containers }) => delete containers[name]!.routes)
    steps.length = 0
    await up()
    expect(steps).toContain('stand HAProxy in front of the gateway of west')
    expect(refused()).toEqual(wanted)
  })

  test('an up after damage repairs it, whatever it was', { timeout: 600_000 }, async () => {
    const scenario = await scenarioOf('multi-network-nlb')
    const plan = planScenario(scenario)
    const options = { ...fake.options, keep: true }
    const up = async () => {
      const execute = fake.inProcess()
      await (await createKind({ ...options, execute }).up(plan, quiet)).down()
      return execute.log.filter((line) => !isRead(line)).join('\n')
    }
    await up()
    const [east, west] = ['hm-multi-network-nlb-east', 'hm-multi-network-nlb-west'] as const
    const object = (cluster: string, key: string) =>
      fake.model(({ clusters }) => clusters[cluster]!.objects[key]) as KubeObject | undefined
    const change = (cluster: string, key: string, work: (own: KubeObject) => void) =>
      fake.model(({ clusters }) => work(clusters[cluster]!.objects[key] as KubeObject))
    const drop = (cluster: string, key: string) =>
      fake.model(({ clusters }) => delete clusters[cluster]!.objects[key])
    const system = 'istio-system'

    const roots = () =>
      fake.model(({ clusters }) =>
        Object.values(clusters).map(({ ztunnels }) => Object.values(ztunnels!)[0]!.root),
      )
    const before = roots()
    drop(west, `Secret/${system}/cacerts`)
    expect(await up()).toMatch(/rollout restart deployment\/istio-eastwestgateway/)
    expect(roots()[0]).not.toBe(before[0])
    expect(roots()[0]).toBe(roots()[1])

    change(
      west,
      `Namespace//${system}`,
      ({ metadata }) => void delete metadata.labels['topology.istio.io/network'],
    )
    expect(await up()).toContain('west.kubeconfig')
    expect(object(west, `Namespace//${system}`)?.metadata.labels['topology.istio.io/network']).toBe('west')

    drop(east, `Secret/${system}/istio-remote-secret-west`)
    expect(await up()).toContain('istioctl create-remote-secret --name west')
    expect(object(east, `Secret/${system}/istio-remote-secret-west`)).toBeDefined()

    fake.model(({ containers }) => delete containers[`${west}-lb`])
    expect(await up()).toContain(`docker create --name ${west}-lb`)

    change(west, `Service/${system}/istio-eastwestgateway`, (own) => void (own.status = {}))
    expect(await up()).toContain('--subresource status')

    change(east, `DaemonSet/${system}/ztunnel`, (own) => {
      own.spec!.template.spec.containers[0]!.env[0]!.value = 'other'
    })
    expect(await up()).toMatch(/^istioctl install /m)

    change(
      east,
      'Pod/hopmeter/client-east-n1',
      (own) => void (own.status!['startTime'] = '2026-01-01T00:00:00Z'),
    )
    expect(await up()).toContain('pod/client-east-n1')

    // A cluster that is made again may get the address of the former one, but other keys.
    const address = object(east, `Secret/${system}/istio-remote-secret-west`)
    fake.call('kind', ['delete', 'cluster', '--name', west, '--kubeconfig', 'none'], {})
    fake.model((model) => {
      const used = Object.values(model.containers).flatMap((container) => container.address ?? [])
      model.nextAddress = Math.min(...[2, 3, 4, 5].filter((n) => !used.includes(`172.30.0.${n}`)))
    })
    const again = await up()
    expect(again).toMatch(/^kind create cluster --name hm-multi-network-nlb-west /m)
    // istiod that has another secret for a cluster goes on with what it knew of it.
    expect(again).toMatch(/context kind-hm-multi-network-nlb-east .* rollout restart deployment\/istiod/)
    expect(object(east, `Secret/${system}/istio-remote-secret-west`)).not.toEqual(address)

    const backend = createKind({ ...options, execute: fake.inProcess() })
    expect((await verdictOf(() => verifyScenario({ scenario, backend, ...quiet }))).ok).toBe(true)
    await takeDownSessions('all', quiet, { ...options, execute: fake.inProcess() })
    expect(fake.leftovers()).toEqual(nothing)
  })
})

describe('a run with Istio', () => {
  test(
    'proves every path in every round, through every kind of component',
    { timeout: 300_000 },
    async () => {
      const scenario = await scenarioOf('hop-ladder')
      const plan = planScenario(scenario)
      const rounds = { count: 2, durationMs: 3000, warmupMs: 100, builds: 1, restarts: 1 }
      const events: JournalEvent[] = []
      await measure({
        backend: createKind({ ...fake.options, execute: fake.inProcess() }),
        plan,
        paths: plan.paths,
        halves: true,
        loads: expandLoads([
          { profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 },
          { profile: 'connect', requestBytes: 16, responseBytes: 16 },
        ]),
        rounds,
        builds: wholeRun(rounds),
        before: [],
        seed: 1,
        verify: 'warn',
        reporter: { step: () => {}, proven: () => {}, round: () => {}, note: () => {} },
        signal: quiet.signal,
        record: (event) => Promise.resolve(void events.push(event)),
      })
      const measured = events.flatMap((event) => (event.type === 'round' ? [event] : []))
      expect(measured).toHaveLength(2)
      const judged = measured.flatMap(({ evidence }) => evidence)
      // Whoever got no answer on a busy machine proves nothing; nobody may have gone another way.
      const told = judged.filter(({ answeredBy }) => answeredBy.length > 0)
      expect(told.map(({ path, verdict, reasons }) => [path, verdict, reasons])).toEqual(
        told.map(({ path }) => [path, 'proven', []]),
      )
      expect(new Set(told.map(({ observed }) => observed.length))).toEqual(new Set([2, 4, 5, 6]))
      const [build] = events.flatMap((event) => (event.type === 'build' ? [event] : []))
      expect(build).toMatchObject({
        engine: { name: 'istio', version: '1.31.0' },
        loadBalancer: 'haproxy (haproxy:3.0.11)',
      })
      expect(fake.leftovers()).toEqual(nothing)
    },
  )
})

describe('what kind clusters cannot do', () => {
  const refused = [
    ['same-network-bgp', /routes by BGP are not supported/],
    ['regions', /delays between networks are not supported/],
  ] as const
  test.for(refused)('%s is refused before anything is made', async ([name, why]) => {
    const execute = fake.inProcess()
    const plan = planScenario(await scenarioOf(name))
    expect(() => createKind({ ...fake.options, execute }).up(plan, quiet)).toThrow(why)
    expect(execute.log).toEqual([])
    expect(fake.leftovers()).toEqual(nothing)
  })
})
