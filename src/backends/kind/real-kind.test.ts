import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../process/exec.ts'
import type { Reporter } from '../../measure/reporter.ts'
import { runScenario } from '../../measure/run-scenario.ts'
import { verifyScenario } from '../../measure/verify-scenario.ts'
import { loadScenario } from '../../scenario/load.ts'
import type { Scenario } from '../../scenario/types.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import { stateFolder } from '../kubernetes/tools/folders.ts'
import type { KubernetesOptions } from '../kubernetes/tools/options.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { chosenVersions } from '../istio/data-planes.ts'
import { takeDownSessions } from '../registry.ts'
import { agentImage, defaultIstio, fullIstioVersion, pinsFor } from '../versions.ts'
import { createKind } from './kind.ts'

/**
 * Real clusters, on a machine with Docker; docs/kubernetes.md says how to run this, and what each variable is for.
 */
const env = (name: string) => process.env[name] ?? undefined
const isAsked = env('HOPMETER_REAL_KIND') === '1'
const minute = 60_000
// Hooks of a file whose tests are all skipped do not run, and nothing would remove it.
const stateRoot = isAsked ? mkdtempSync(path.join(tmpdir(), 'hopmeter-real-kind-')) : ''
const istio = env('HOPMETER_ISTIO') ?? defaultIstio
/** A version at most one minor away, whose ztunnel and gateway images Docker has. */
const other = env('HOPMETER_OTHER_ISTIO')
const options: KubernetesOptions = {
  stateRoot,
  istio,
  istioHub: env('HOPMETER_ISTIO_HUB'),
  istioTag: env('HOPMETER_ISTIO_TAG'),
  gatewayApi: env('HOPMETER_GATEWAY_API'),
  nodeImage: env('HOPMETER_NODE_IMAGE'),
  agentImage: env('HOPMETER_AGENT_IMAGE'),
  loadBalancerImage: env('HOPMETER_LB_IMAGE'),
}
const hasIstio = isAsked && (await hasImages())
const silent: Reporter = { step: () => {}, proven: () => {}, round: () => {}, note: () => {} }
const context = () => ({ signal: new AbortController().signal, progress: () => {} })

/** Whether Docker has Istio's images, so that nothing has to be pulled. */
async function hasImages(): Promise<boolean> {
  const hub = options.istioHub ?? pinsFor(istio).hub
  const tag = options.istioTag ?? fullIstioVersion(istio)
  const images = ['pilot', 'ztunnel', 'install-cni', 'proxyv2'].map((of) => `${hub}/${of}:${tag}-distroless`)
  return await run('docker', ['image', 'inspect', '--format', '{{.Id}}', ...images]).then(
    () => true,
    () => false,
  )
}

async function plain(name: string): Promise<Scenario> {
  return withoutMesh((await loadScenario(name)).scenario)
}

const clean = { ok: true, notProven: [], left: [] }

/** Proves every path, takes everything down, and says what is not as it should be. */
async function verified(scenario: Scenario): Promise<unknown> {
  const { evidence, ok } = await verifyScenario({ scenario, backend: createKind(options), ...context() })
  const notProven = evidence.filter(({ verdict }) => verdict !== 'proven')
  return { ok, notProven, left: await leftOf(scenario.name) }
}

/** Containers and files of a testbed. */
async function leftOf(name: string): Promise<readonly string[]> {
  const { stdout } = await run('docker', ['ps', '--all', '--format', '{{.Names}}'])
  const containers = stdout.split('\n').filter((container) => container.startsWith(`hm-${name}-`))
  return [...containers, ...readdirSync(stateFolder(stateRoot))]
}

/** Pods of control planes, daemons and Istio that were restarted or are not ready, and nodes that are not. */
async function controlPlaneTrouble(
  scenario: string,
  clusters: readonly string[],
): Promise<readonly string[]> {
  interface Status {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly ready: boolean }[]
  }
  const trouble: string[] = []
  for (const cluster of clusters) {
    const kubeconfig = path.join(stateFolder(stateRoot), scenario, `${cluster}.kubeconfig`)
    const get = ['--kubeconfig', kubeconfig, 'get', 'nodes,pods', '--all-namespaces', '--output', 'json']
    const { items } = JSON.parse((await run('kubectl', get)).stdout) as {
      readonly items: readonly {
        readonly kind: string
        readonly metadata: { readonly name: string }
        readonly status: Status
      }[]
    }
    for (const { kind, metadata, status } of items) {
      const isReady = status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
      const restarts = (status.containerStatuses ?? []).reduce((sum, of) => sum + of.restartCount, 0)
      if (isReady !== true || restarts > 0) trouble.push(`${kind} ${metadata.name}: ${restarts} restarts`)
    }
  }
  return trouble
}

/** Processes of nodes that are stopped. */
async function stoppedIn(nodes: readonly string[]): Promise<readonly string[]> {
  const perNode = await Promise.all(
    nodes.map(async (node) => (await run('docker', ['exec', node, 'ps', '-eo', 'stat=,comm='])).stdout),
  )
  return perNode.flatMap((text) => text.split('\n').filter((line) => line.trim().startsWith('T')))
}

/** Runs a scenario in a hopmeter of its own, and kills that once these nodes stand still. */
async function killWhileFrozen(scenario: string, nodes: readonly string[]): Promise<void> {
  const cli = path.join(import.meta.dirname, '../../../dist/cli/main.js')
  const results = mkdtempSync(path.join(tmpdir(), 'hopmeter-real-kind-results-'))
  const named = { '--istio': istio, '--istio-hub': options.istioHub, '--istio-tag': options.istioTag }
  const further = {
    ...{ '--gateway-api': options.gatewayApi, '--node-image': options.nodeImage },
    ...{ '--agent-image': options.agentImage, '--lb-image': options.loadBalancerImage },
  }
  const flags = Object.entries({ ...named, ...further }).flatMap(([flag, value]) =>
    value === undefined ? [] : [flag, value],
  )
  const own = ['--backend', 'kind', '--keep', '--quiet-control-plane', 'on', '--results', results]
  const child = spawn(process.execPath, [cli, 'run', scenario, ...own, ...flags], {
    stdio: 'ignore',
    env: { ...process.env, XDG_STATE_HOME: stateRoot },
  })
  const ended = once(child, 'exit')
  try {
    await expect.poll(() => stoppedIn(nodes), { timeout: 10 * minute, interval: 200 }).not.toEqual([])
  } finally {
    child.kill('SIGKILL')
    await ended
    rmSync(results, { recursive: true, force: true })
  }
}

afterAll(async () => {
  if (isAsked) await takeDownSessions('all', context(), options)
  rmSync(stateRoot, { recursive: true, force: true })
}, 10 * minute)

describe.skipIf(!isAsked)('on real kind clusters, without a mesh', () => {
  test.for(['same-network-vxlan', 'same-network-unrouted', 'single-cluster'])(
    '%s is proven and leaves nothing',
    { timeout: 20 * minute },
    async (name) => {
      expect(await verified(await plain(name))).toEqual(clean)
    },
  )

  test(
    'a kept testbed is routed without masquerading, only read by a second up, repaired, measured and taken down',
    { timeout: 30 * minute },
    async () => {
      const scenario = await plain('same-network')
      const plan = planScenario(scenario)
      const kept = createKind({ ...options, keep: true })
      const steps: string[] = []
      const up = async () => {
        steps.length = 0
        const testbed = await kept.up(plan, { ...context(), progress: (step) => steps.push(step) })
        await testbed.down() // kept: only our connections to it end
      }
      await up()
      const node = 'hm-same-network-east-1-control-plane'
      const remote = scenario.topology.clusters[1]!.podCidr
      const inNode = async (...args: string[]) => (await run('docker', ['exec', node, ...args])).stdout
      const routes = async () => (await inNode('ip', 'route')).split('\n')
      const rules = async () =>
        (await inNode('iptables', '-t', 'nat', '-S', 'KIND-MASQ-AGENT')).split('\n').slice(1)
      const toRemote = (lines: readonly string[]) => lines.filter((line) => line.startsWith('10.20.'))
      const returns = (lines: readonly string[]) =>
        lines.findIndex((line) => line.includes(remote) && line.endsWith('RETURN'))
      const masquerades = (lines: readonly string[]) => lines.findIndex((line) => line.includes('MASQUERADE'))

      const routed = toRemote(await routes())
      expect(routed).toHaveLength(1)
      const before = await rules()
      expect(returns(before)).toBeGreaterThanOrEqual(0)
      expect(returns(before)).toBeLessThan(masquerades(before))

      await up()
      expect(steps).toEqual([])

      await inNode('ip', 'route', 'delete', routed[0]!.split(' ')[0]!)
      await inNode('iptables', '-t', 'nat', '-D', 'KIND-MASQ-AGENT', '-d', remote, '-j', 'RETURN')
      await up()
      expect(steps).toContain('route pod CIDRs from the nodes of east-1')
      expect(toRemote(await routes())).toEqual(routed)
      expect(returns(await rules())).toBeLessThan(masquerades(await rules()))

      const results = mkdtempSync(path.join(tmpdir(), 'hopmeter-real-kind-results-'))
      try {
        const { result } = await runScenario({
          scenarioFile: await loadScenario('same-network'),
          mesh: 'none',
          backend: createKind(options),
          resultsRoot: results,
          reporter: silent,
          rounds: { count: 3, durationMs: 300, warmupMs: 100 },
          signal: new AbortController().signal,
        })
        // A busy host makes a run void, which is not what is tested here.
        expect(['complete', 'void']).toContain(result.status)
        expect(result.measured).toHaveLength(3)
        expect(result.evidence.filter(({ mismatch, unproven }) => mismatch + unproven > 0)).toEqual([])
        expect(result.builds[0]?.engine.name).toBe('kubernetes')
      } finally {
        rmSync(results, { recursive: true, force: true })
      }
      expect(await takeDownSessions(['same-network'], context(), options)).toEqual(['same-network'])
      expect(await leftOf('same-network')).toEqual([])
    },
  )
})

describe.skipIf(!hasIstio)('on real kind clusters, in a mesh', () => {
  test.for(['same-network', 'multi-network'])(
    '%s is proven and leaves nothing',
    { timeout: 30 * minute },
    async (name) => {
      expect(await verified((await loadScenario(name)).scenario)).toEqual(clean)
    },
  )

  test(
    'rounds on frozen clusters lose no request, restart nothing, and restarts are proven',
    { timeout: 60 * minute },
    async () => {
      const results = mkdtempSync(path.join(tmpdir(), 'hopmeter-real-kind-results-'))
      const errors: number[] = []
      try {
        const { result } = await runScenario({
          scenarioFile: await loadScenario('multi-network-nlb'),
          backend: createKind({ ...options, quietControlPlane: 'on', keep: true }),
          resultsRoot: results,
          reporter: {
            ...silent,
            round: ({ paths }) => errors.push(...paths.map((measured) => measured.errors + measured.lost)),
          },
          // Longer than one freeze.
          rounds: { count: 30, restarts: 2, durationMs: 1000, warmupMs: 500 },
          signal: new AbortController().signal,
        })
        expect(errors.filter((count) => count > 0)).toEqual([])
        expect(result.measured).toHaveLength(60)
        expect(result.evidence.filter(({ mismatch, unproven }) => mismatch + unproven > 0)).toEqual([])
        expect(result.builds[0]?.facts['controlPlanes']).toBe('frozen while rounds run')
        expect(await controlPlaneTrouble('multi-network-nlb', ['east', 'west'])).toEqual([])
      } finally {
        rmSync(results, { recursive: true, force: true })
      }
      expect(await takeDownSessions(['multi-network-nlb'], context(), options)).toEqual(['multi-network-nlb'])
      expect(await leftOf('multi-network-nlb')).toEqual([])
    },
  )

  test.skipIf(!other)(
    'two versions are switched in place, each proven after each of its starts, and what was installed is put back',
    { timeout: 60 * minute },
    async () => {
      const results = mkdtempSync(path.join(tmpdir(), 'hopmeter-real-kind-results-'))
      const flags = { istioHub: options.istioHub, istio: [`own=${istio}`, `other=${other}`] }
      const versions = { ...options, istioTag: undefined, ...chosenVersions(flags), keep: true }
      const ztunnelImage = async () => {
        const kubeconfig = path.join(stateFolder(stateRoot), 'single-cluster', 'east.kubeconfig')
        const image = 'jsonpath={.spec.template.spec.containers[0].image}'
        const get = ['--namespace', 'istio-system', 'get', 'daemonset/ztunnel', '--output', image]
        return (await run('kubectl', ['--kubeconfig', kubeconfig, ...get])).stdout
      }
      try {
        const { result } = await runScenario({
          scenarioFile: await loadScenario('single-cluster'),
          backend: createKind(versions),
          resultsRoot: results,
          reporter: silent,
          rounds: { count: 3, restarts: 2, durationMs: 1000, warmupMs: 500 },
          signal: new AbortController().signal,
        })
        expect(result.measured).toHaveLength(12)
        expect(result.evidence.filter(({ mismatch, unproven }) => mismatch + unproven > 0)).toEqual([])
        const images = (variant: string) =>
          result.restarts.filter((start) => start.variant === variant).map(({ facts }) => facts?.['ztunnel'])
        expect(images('own')).toHaveLength(2)
        for (const image of images('own')) expect(image).toContain(fullIstioVersion(istio))
        for (const image of images('other')) expect(image).toContain(fullIstioVersion(other!))
        const newest = versions.istioTag ?? fullIstioVersion(versions.istio ?? istio)
        expect(await ztunnelImage()).toContain(newest)
        // What was put back is starting.
        const trouble = () => controlPlaneTrouble('single-cluster', ['east'])
        await expect.poll(trouble, { timeout: minute, interval: 1000 }).toEqual([])
      } finally {
        rmSync(results, { recursive: true, force: true })
      }
      expect(await takeDownSessions(['single-cluster'], context(), options)).toEqual(['single-cluster'])
      expect(await leftOf('single-cluster')).toEqual([])
    },
  )

  test(
    'a hopmeter that is killed while clusters are frozen leaves them running, and the next up finds nothing to do',
    { timeout: 60 * minute },
    async () => {
      const { scenario } = await loadScenario('same-network')
      const kept = createKind({ ...options, keep: true })
      await (await kept.up(planScenario(scenario), context())).down()
      const nodes = ['hm-same-network-east-1-control-plane', 'hm-same-network-east-2-control-plane']
      await killWhileFrozen('same-network', nodes)
      await expect.poll(() => stoppedIn(nodes), { timeout: minute, interval: 500 }).toEqual([])
      const steps: string[] = []
      const testbed = await kept.up(planScenario(scenario), {
        ...context(),
        progress: (step) => steps.push(step),
      })
      await testbed.down()
      expect(steps.filter((step) => /^(create|install|start workloads)/.test(step))).toEqual([])
      expect(await controlPlaneTrouble('same-network', ['east-1', 'east-2'])).toEqual([])
      expect(await takeDownSessions(['same-network'], context(), options)).toEqual(['same-network'])
      expect(await leftOf('same-network')).toEqual([])
    },
  )

  test(
    'a kept mesh is repaired, whatever of it was broken, and leaves nothing',
    { timeout: 60 * minute },
    async () => {
      const { scenario } = await loadScenario('multi-network-nlb')
      const kept = createKind({ ...options, keep: true })
      const proofs = async () => {
        const { evidence } = await verifyScenario({ scenario, backend: kept, ...context() })
        return evidence.map(({ verdict, reasons }) => [verdict, reasons])
      }
      const west = async (...args: string[]) => {
        const kubeconfig = path.join(stateFolder(stateRoot), scenario.name, 'west.kubeconfig')
        await run('kubectl', ['--kubeconfig', kubeconfig, '--namespace', 'istio-system', ...args])
      }
      const pending = JSON.stringify({ status: { loadBalancer: { ingress: null } } })
      const inStatus = ['--subresource', 'status', '--type', 'merge', '--patch', pending]
      const westNode = 'hm-multi-network-nlb-west-control-plane'
      const agent = options.agentImage ?? agentImage
      /** Containers that take the addresses which others had. */
      const squatters = ['hopmeter-real-kind-squatter-1', 'hopmeter-real-kind-squatter-2']
      const damage: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['nothing', () => Promise.resolve()],
        ['the load balancer is gone', () => run('docker', ['rm', '--force', 'hm-multi-network-nlb-west-lb'])],
        ['its address is pending', () => west('patch', 'service', 'istio-eastwestgateway', ...inStatus)],
        [
          'the network has another label',
          () => west('label', '--overwrite', 'namespace/istio-system', 'topology.istio.io/network=other'),
        ],
        ['the gateway is gone', () => west('delete', 'gateway', 'istio-eastwestgateway')],
        ['a remote secret is gone', () => west('delete', 'secret', 'istio-remote-secret-east')],
        ['a node was stopped', () => run('docker', ['stop', westNode])],
        [
          'a node and the load balancer get other addresses',
          async () => {
            await run('docker', ['stop', westNode])
            await run('docker', ['rm', '--force', 'hm-multi-network-nlb-west-lb'])
            for (const name of squatters) {
              const inNetwork = ['--network', 'kind', '--entrypoint', 'sleep']
              await run('docker', ['run', '--detach', '--name', name, ...inNetwork, agent, '3600'])
            }
          },
        ],
      ]
      try {
        for (const [what, doIt] of damage) {
          await doIt()
          expect([what, await proofs()]).toEqual([what, [['proven', []]]])
        }
      } finally {
        await run('docker', ['rm', '--force', ...squatters])
      }
      expect(await takeDownSessions([scenario.name], context(), options)).toEqual([scenario.name])
      expect(await leftOf(scenario.name)).toEqual([])
    },
  )
})
