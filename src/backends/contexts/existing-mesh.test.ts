import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { runScenario } from '../../measure/run-scenario.ts'
import { verifyScenario } from '../../measure/verify-scenario.ts'
import { decodeHistogram } from '../../results/histogram.ts'
import { loadScenario, parseScenario } from '../../scenario/load.ts'
import { createKind } from '../kind/kind.ts'
import { Session } from '../kubernetes/session/session.ts'
import { FakeCluster } from '../kubernetes/testing/fake-cluster.ts'
import type { FakeModel } from '../kubernetes/testing/fake-model.ts'
import { isRead, quiet } from '../kubernetes/testing/lives.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { takeDownSessions } from '../registry.ts'
import { createContexts, type ContextsOptions } from './contexts.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** Somebody's clusters: of two networks, with names of their own for Istio. */
const theirs = `
apiVersion: hopmeter/v1
kind: Scenario
metadata: { name: theirs, title: Clusters of somebody }
spec:
  clusters:
    - { name: prod-a, network: east, podCidr: 10.70.0.0/16, serviceCidr: 10.170.0.0/16 }
    - { name: prod-b, network: west, podCidr: 10.80.0.0/16, serviceCidr: 10.180.0.0/16, gateway: { loadBalancer: none } }
  paths:
    - { name: p, client: { cluster: prod-a }, server: { cluster: prod-b }, expect: 5 }
`
const contexts = { east: 'kind-hm-theirs-prod-a', west: 'kind-hm-theirs-prod-b' }
const west = 'hm-theirs-prod-b'

let fake: FakeCluster
let before: readonly string[]
let made: string
// Made once: tests put back what they change.
beforeAll(async () => {
  fake = await FakeCluster.make()
  const plan = planScenario(parseScenario(theirs, 'theirs').scenario)
  const execute = fake.inProcess()
  const stateRoot = path.join(fake.folder, 'their-state')
  const installed = await createKind({ ...fake.options, stateRoot, keep: true, execute }).up(plan, quiet)
  await installed.down()
  for (const context of Object.values(contexts)) {
    const remove = ['delete', 'namespace', '--ignore-not-found', 'hopmeter']
    fake.call('kubectl', ['--kubeconfig', 'theirs', '--context', context, ...remove], {})
  }
  before = objects()
  made = fake.model(({ clusters }) => JSON.stringify(clusters))
}, 300_000)
afterEach(() => {
  fake.model(({ clusters }) => Object.assign(clusters, JSON.parse(made)))
})
afterAll(() => fake.close())

function objects(): readonly string[] {
  return fake.model(({ clusters }) =>
    Object.entries(clusters).flatMap(([name, own]) =>
      Object.keys(own.objects).map((key) => `${name} ${key}`),
    ),
  )
}

function options(more: Partial<ContextsOptions> = {}): ContextsOptions {
  const kubeconfig = path.join(fake.folder, 'their-kubeconfig')
  return { ...fake.options, execute: fake.inProcess(), contexts, kubeconfig, ...more }
}

const { scenario } = await loadScenario('multi-network')
const plan = planScenario(scenario)

describe('clusters with an Istio of the user', () => {
  test(
    'a path is proven, whatever Istio calls the clusters, and nothing is left',
    { timeout: 120_000 },
    async () => {
      const execute = fake.inProcess()
      const backend = createContexts(options({ execute }))
      const { evidence } = await verifyScenario({ scenario, backend, ...quiet })
      expect(evidence.map(({ verdict, reasons }) => [verdict, reasons])).toEqual([['proven', []]])
      expect(evidence[0]?.observed).toHaveLength(5)
      expect(objects()).toEqual(before)
      expect(Session.names(fake.sessions)).toEqual([])
      const changes = execute.log.filter((line) => !isRead(line))
      expect(changes.length).toBeGreaterThan(0)
      for (const line of changes) expect(line).toMatch(/^kubectl .* (apply --server-side|delete namespace) /)
    },
  )

  test('another version than the one that was asked for is named, and kept with the result', async () => {
    const said = async (istio: string | undefined) => {
      const notes: string[] = []
      const context = { ...quiet, note: (note: string) => void notes.push(note) }
      const testbed = await createContexts(options({ istio })).up(plan, context)
      await testbed.down()
      return [notes.filter((note) => note.startsWith('istiod of')), testbed.facts['versionNotes']]
    }
    const named = ['istiod of east is 1.31.0, not 1.30.3', 'istiod of west is 1.31.0, not 1.30.3']
    expect(await said('1.30.3')).toEqual([named, named.join('; ')])
    expect(await said('1.31')).toEqual([[], undefined])
    expect(await said(undefined)).toEqual([[], undefined])
  })

  test('a restart is of hopmeter’s own pods: nothing of the mesh is started anew, and the result says so', async () => {
    const execute = fake.inProcess()
    const testbed = await createContexts(options({ execute })).up(plan, quiet)
    const pods = () => objects().filter((key) => key.includes('Pod/'))
    try {
      const [mesh, own] = [pods().filter((key) => key.includes('istio-system')), pods()]
      execute.log.length = 0
      await testbed.restart!({ ...quiet, seed: 1 })
      expect(pods()).toEqual(own)
      expect(pods().filter((key) => key.includes('istio-system'))).toEqual(mesh)
      const changes = execute.log.filter((line) => !isRead(line))
      expect(changes.length).toBeGreaterThan(0)
      for (const line of changes)
        expect(line).toMatch(/^kubectl .* (apply --server-side|delete --namespace hopmeter) /)
      expect(testbed.facts['restarted']).toBe('own pods only: the mesh is not hopmeter’s')
      expect(testbed.quiet).toBeUndefined()
      expect((await testbed.evidence()).served.length).toBeGreaterThan(0)
    } finally {
      await testbed.down()
    }
    expect(objects()).toEqual(before)
  })

  test(
    'several clients are an indexed Job; each is proven, and their number can change',
    { timeout: 240_000 },
    async () => {
      const verify = (clients: number | undefined, execute = fake.inProcess()) =>
        verifyScenario({
          scenario,
          backend: createContexts(options({ clients, keep: true, execute })),
          ...quiet,
        })
      const three = await verify(3)
      expect(three.evidence).toMatchObject([{ verdict: 'proven', clients: 3, reasons: [] }])
      expect(objects().filter((key) => key.includes('Pod/hopmeter/client-east-n1-'))).toHaveLength(3)

      const again = fake.inProcess()
      expect((await verify(3, again)).ok).toBe(true)
      expect(again.log.filter((line) => !isRead(line))).toEqual([])

      expect((await verify(2)).evidence).toMatchObject([{ verdict: 'proven', clients: 2 }])
      const one = await verify(undefined)
      expect(one.evidence.map(({ verdict, clients }) => [verdict, clients])).toEqual([['proven', undefined]])
      expect(objects().filter((key) => /\b(Job|Pod)\/hopmeter\/client/.test(key))).toEqual([
        'hm-theirs-prod-a Pod/hopmeter/client-east-n1',
      ])
      await takeDownSessions('all', quiet, options())
      expect(objects()).toEqual(before)
    },
  )

  test('a client pod that does not become ready is named by its number', { timeout: 120_000 }, async () => {
    const up = async () => {
      const testbed = await createContexts(options({ clients: 2, keep: true })).up(plan, quiet)
      const pods = testbed.clientPods?.(plan.paths[0]!.clientWorkload).map(({ name }) => name) ?? []
      await testbed.down()
      return pods
    }
    const first = await up()
    fake.model(({ clusters }) => {
      const own = clusters['hm-theirs-prod-a']!.objects as Record<
        string,
        { status?: { conditions?: unknown } }
      >
      own[`Pod/hopmeter/${first[1]}`]!.status!.conditions = []
    })
    // The fake has no controller that would mend it, so the wait for that pod ends.
    const broken = createContexts(options({ clients: 2, keep: true, deadlineScale: 0.002 })).up(plan, quiet)
    await expect(broken).rejects.toThrow(/client-east-n1 2 of 2/)
    await takeDownSessions('all', quiet, options())
    expect(objects()).toEqual(before)
  })

  test(
    'a result says how many clients there were, and keeps each generator’s health',
    { timeout: 120_000 },
    async () => {
      const resultsRoot = mkdtempSync(path.join(fake.folder, 'results-'))
      const { result } = await runScenario({
        scenarioFile: await loadScenario('multi-network'),
        backend: createContexts(options({ clients: 2 })),
        resultsRoot,
        rounds: { count: 2, durationMs: 100, warmupMs: 0 },
        loads: [{ profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 }],
        verify: 'warn',
        signal: quiet.signal,
        reporter: { step: () => {}, note: () => {}, proven: () => {}, round: () => {} },
      })
      rmSync(resultsRoot, { recursive: true })
      expect(result.clients).toBe(2)
      for (const round of result.measured) {
        const instances = round.generators.map(({ client, instance }) => `${client} ${instance}`)
        // One client with two pods, and a control of its own.
        expect(instances.filter((name) => name === 'client-east-n1 0')).toHaveLength(1)
        expect(instances.filter((name) => name === 'client-east-n1 1')).toHaveLength(1)
        expect(round.evidence.map(({ verdict }) => verdict)).toEqual(round.evidence.map(() => 'proven'))
        expect(round.flags).not.toContain('served-differs')
      }
      for (const { path: name, warm } of result.histograms) {
        const rounds = result.measured.flatMap(({ paths }) => paths).filter((own) => own.path === name)
        expect(decodeHistogram(warm).totalCount).toBe(rounds.reduce((sum, own) => sum + own.n, 0))
      }
      expect(objects()).toEqual(before)
    },
  )
})

// oxlint-disable-next-line typescript/no-explicit-any -- objects of many kinds, broken on purpose
type Objects = Record<string, Record<string, any>>

describe('a mesh that is not as the scenario says is refused before anything is made', () => {
  const cases: readonly (readonly [string, (own: Objects, model: FakeModel) => void, RegExp])[] = [
    [
      'another network label',
      (own) =>
        void (own['Namespace//istio-system']!['metadata'].labels['topology.istio.io/network'] = 'north'),
      /cluster "west" is in network "north", the scenario says "west"/,
    ],
    [
      'a ztunnel of another network',
      (own) =>
        void (own['DaemonSet/istio-system/ztunnel']!['spec'].template.spec.containers[0].env[0].value =
          'east'),
      /ztunnel of cluster "west" believes network "east", istiod says "west"/,
    ],
    ['no Istio', (own) => void delete own['Namespace//istio-system'], /cluster "west" has no Istio/],
    ['no istiod', (own) => void delete own['Deployment/istio-system/istiod'], /has no istiod of its own/],
    [
      'an istiod that is down',
      (own) => void (own['Deployment/istio-system/istiod']!['status'].availableReplicas = 0),
      /an istiod that is not available/,
    ],
    ['no ztunnel', (own) => void delete own['DaemonSet/istio-system/ztunnel'], /has no ztunnel/],
    [
      'a ztunnel that is not everywhere',
      (own) => void (own['DaemonSet/istio-system/ztunnel']!['status'].numberAvailable = 0),
      /ztunnel of cluster "west" is available on 0 of 1 nodes/,
    ],
    [
      'multi-cluster off',
      (own) => void delete own['GatewayClass//istio-east-west'],
      /has no GatewayClass istio-east-west: multi-cluster is off/,
    ],
    [
      'no gateway',
      (own) => void delete own['Gateway/istio-system/istio-eastwestgateway'],
      /cluster "west" has no Gateway "istio-eastwestgateway"/,
    ],
    [
      'a gateway of another network',
      (own) =>
        void (own['Gateway/istio-system/istio-eastwestgateway']!['metadata'].labels[
          'topology.istio.io/network'
        ] = 'east'),
      /the gateway of cluster "west" serves network "east"/,
    ],
    [
      'a load balancer that is pending',
      (own) => void (own['Service/istio-system/istio-eastwestgateway']!['status'] = {}),
      /has no address: its load balancer is pending/,
    ],
    [
      'a load balancer that proxies',
      (own) =>
        void (own['Service/istio-system/istio-eastwestgateway']!['status'].loadBalancer.ingress[0].ipMode =
          'Proxy'),
      /a load balancer that proxies/,
    ],
    [
      'a remote secret that nobody made',
      (own) => void delete own['Secret/istio-system/istio-remote-secret-prod-a'],
      /istiod of west does not know east, which is "prod-a" to Istio/,
    ],
    [
      'two clusters of one name',
      (own) =>
        void (own['Deployment/istio-system/istiod']!['spec'].template.spec.containers[0].env[0].value =
          'prod-a'),
      /east and west have the same name for Istio: "prod-a"/,
    ],
  ]
  test.for(cases)('%s', { timeout: 120_000 }, async ([, change, message]) => {
    fake.model((model) => change(model.clusters[west]!.objects as Objects, model))
    const changed = objects()
    await expect(createContexts(options()).up(plan, quiet)).rejects.toThrow(message)
    expect(objects()).toEqual(changed)
    expect(Session.names(fake.sessions)).toEqual([])
  })

  test('contexts that are named the wrong way round', async () => {
    const swapped = { east: contexts.west, west: contexts.east }
    const up = createContexts(options({ contexts: swapped })).up(plan, quiet)
    await expect(up).rejects.toThrow(/cluster "(east|west)" is in network "(west|east)", the scenario says/)
    expect(objects()).toEqual(before)
  })

  test('two contexts of one cluster', async () => {
    const same = await loadScenario('same-network')
    fake.model(({ clusters }) => {
      const own = clusters['hm-theirs-prod-a']!.objects
      own['Namespace//kube-system'] = { kind: 'Namespace', metadata: { name: 'kube-system', uid: 'one' } }
    })
    const twice = { 'east-1': contexts.east, 'east-2': contexts.east.replace('kind-', '') }
    const up = createContexts(options({ contexts: twice })).up(planScenario(same.scenario), quiet)
    await expect(up).rejects.toThrow(/lead to the same cluster/)
  })
})
