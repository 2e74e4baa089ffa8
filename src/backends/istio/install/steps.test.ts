import { X509Certificate } from 'node:crypto'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { CommandError, EnvironmentError, UsageError } from '../../../errors.ts'
import { loadScenario } from '../../../scenario/load.ts'
import type { Command } from '../../backend.ts'
import { KindCluster } from '../../kind/cluster/kind-cluster.ts'
import { haproxyConfig } from '../../kind/load-balancer/haproxy.ts'
import { loadBalancerOf } from '../../kind/load-balancer/load-balancers.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { isRolledOut } from '../../kubernetes/cluster/objects.ts'
import type { Gateway } from '../../kubernetes/load-balancer.ts'
import type { KubernetesOptions } from '../../kubernetes/tools/options.ts'
import { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { planScenario } from '../../../plan/plan-scenario.ts'
import { pinsFor } from '../../versions.ts'
import { istioContext, istioImages, type IstioContext } from '../context.ts'
import { remoteServer } from '../read/remote-secrets.ts'
import { rootAnnotation } from './ca.ts'
import { installStep, istiodEnv, istioOperator } from './install.ts'
import { gatewayApiSource, meshPhases } from './mesh-steps.ts'
import { crashError, podProblem } from './pod-watch.ts'

type Answer = (command: Command, signal: AbortSignal | undefined) => string | Promise<string>

const folder = path.join('state', 'hop-ladder')

/** The Istio part of a scenario with programs replaced by a function; `calls` holds what was run. */
async function partsOf(name: string, answer: Answer = () => '{}', options: KubernetesOptions = {}) {
  const calls: Command[] = []
  const tools = new Toolbox({
    noKubeconfig: path.join(folder, 'none'),
    execute: async (command, { signal }) => {
      calls.push(command)
      return { stdout: await answer(command, signal), stderr: '' }
    },
  })
  const { scenario } = await loadScenario(name)
  const clusters = scenario.topology.clusters.map(
    (spec) =>
      new KindCluster(tools, `hm-${spec.name}`, path.join(folder, `${spec.name}.kubeconfig`), spec, () =>
        Promise.reject(new Error('nobody asks for routes')),
      ),
  )
  const balancing = {
    ...{ tools, session: undefined, image: 'haproxy', nodeImage: 'kindest/node:v1' },
    podCidrs: clusters.map(({ spec }) => spec.podCidr),
  }
  const own = {
    loadBalancer: (cluster: Cluster, gateway: Gateway) =>
      loadBalancerOf(balancing, cluster as KindCluster, gateway),
    host: () => Promise.resolve({ cores: 64 }),
  }
  const input = { plan: planScenario(scenario), clusters, options, sessionId: 'SESSION-ID' }
  return { parts: istioContext(input, own), calls }
}

const context = () => ({ signal: new AbortController().signal, progress: () => {} })

function notFound(command: Command): never {
  throw new CommandError('kubectl exited with 1', {
    command: command.args.join(' '),
    output: 'Error from server (NotFound): not there',
  })
}

function operatorOf(parts: IstioContext, env = {}) {
  return istioOperator(parts, parts.clusters[0]!, env) as {
    readonly spec: {
      readonly hub: string
      readonly tag: string
      readonly components: {
        readonly pilot: { readonly k8s: { readonly env: readonly object[]; readonly resources?: object } }
      }
      readonly values: { readonly global: object; readonly ztunnel: Record<string, unknown> }
    }
  }
}

describe('the installation', () => {
  it('names cluster and network to istiod and ztunnel, turns multi-cluster on and pins threads', async () => {
    const { parts } = await partsOf('multi-network')
    const { spec } = operatorOf(parts)
    const { name, spec: cluster } = parts.clusters[0]!
    expect(spec.components.pilot.k8s.env).toEqual([{ name: 'AMBIENT_ENABLE_MULTI_NETWORK', value: 'true' }])
    expect(spec.values.global).toMatchObject({
      network: cluster.network,
      multiCluster: { clusterName: name },
    })
    expect(spec.values.ztunnel).toMatchObject({
      network: cluster.network,
      multiCluster: { clusterName: name },
      env: { ZTUNNEL_WORKER_THREADS: '2' },
    })
  })

  it("takes a contributor's images and environment, and upstream's resources when asked", async () => {
    const options = { istioHub: 'localhost/istio', istioTag: 'dev', resources: 'default' } as const
    const { parts } = await partsOf('multi-network', undefined, options)
    const { spec } = operatorOf(parts, istiodEnv('A=1, B=x=y'))
    expect([spec.hub, spec.tag]).toEqual(['localhost/istio', 'dev'])
    expect(spec.components.pilot.k8s.env.slice(1)).toEqual([
      { name: 'A', value: '1' },
      { name: 'B', value: 'x=y' },
    ])
    expect(spec.components.pilot.k8s.resources).toBeUndefined()
    expect(spec.values.ztunnel).not.toHaveProperty('resources')
    expect(istioImages(parts)).toContain('localhost/istio/ztunnel:dev-distroless')
    expect(() => istiodEnv('novalue')).toThrow(UsageError)
  })

  it('needs the gateway image only where some path enters a gateway', async () => {
    const [one, several] = [(await partsOf('same-network')).parts, (await partsOf('multi-network')).parts]
    expect(istioImages(one).some((image) => image.includes('proxyv2'))).toBe(false)
    expect(istioImages(several).some((image) => image.includes('proxyv2'))).toBe(true)
  })

  it('ends at once when an image cannot come, and says which', async () => {
    const image = 'example.test/istio/pilot:9-distroless'
    const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image' }
    const pods = {
      items: [
        { metadata: { name: 'istiod-1' }, status: { containerStatuses: [{ image, state: { waiting } }] } },
      ],
    }
    let stopped = false
    const { parts } = await partsOf('same-network', (command, signal) => {
      if (command.file !== 'istioctl') return JSON.stringify(pods)
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          stopped = true
          reject(new CommandError('istioctl was stopped', { command: 'istioctl', output: '' }))
        })
      })
    })
    const error = await installStep(parts, parts.clusters[0]!)
      .run(context())
      .then(
        () => undefined,
        (e: unknown) => e,
      )
    expect(error).toBeInstanceOf(EnvironmentError)
    expect((error as EnvironmentError).message).toContain(image)
    expect((error as EnvironmentError).hint).toContain(`kind load docker-image ${image} --name hm-`)
    expect(stopped).toBe(true)
  })

  it('is done only when its digest stands and all of it runs in the newest form', async () => {
    const deployment = {
      kind: 'Deployment',
      metadata: { name: 'istiod', generation: 2 },
      spec: { replicas: 1 },
      status: { observedGeneration: 2, updatedReplicas: 1, availableReplicas: 1 },
    }
    const daemon = (name: string) => ({
      kind: 'DaemonSet',
      metadata: { name, generation: 1 },
      status: {
        observedGeneration: 1,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 2,
      },
    })
    let annotations: Record<string, string> = {}
    let items: object[] = [deployment, daemon('ztunnel'), daemon('istio-cni-node')]
    const { parts, calls } = await partsOf('same-network', ({ file, args }) => {
      if (file === 'istioctl') return ''
      const stamp = args.find((arg) => arg.startsWith('hopmeter.dev/istio-install='))
      if (stamp !== undefined) annotations = { 'hopmeter.dev/istio-install': stamp.split('=')[1]! }
      return JSON.stringify(args.includes('namespace') ? { metadata: { annotations } } : { items })
    })
    const step = installStep(parts, parts.clusters[0]!)
    expect(await step.isDone(context())).toBe(false)
    await step.run(context())
    expect(await step.isDone(context())).toBe(true)
    items = [deployment, daemon('ztunnel')]
    expect(await step.isDone(context())).toBe(false)
    expect(isRolledOut({ ...deployment, metadata: { name: 'istiod', generation: 3 } })).toBe(false)
    for (const { file, args } of calls.filter((c) => c.file !== 'docker')) {
      expect([file, args.includes('--kubeconfig'), args.includes('--context')]).toEqual([file, true, true])
    }
  })
})

describe('the steps of a mesh', () => {
  it('label before they install, and make gateways last and only where they are entered', async () => {
    const { parts, calls } = await partsOf('hop-ladder')
    const names = meshPhases(parts).map((phase) => phase.map(({ name }) => name))
    expect(names.map((phase) => phase[0])).toEqual([
      'label istio-system of east-1 with network east',
      'give all clusters CAs of one root',
      `install Istio ${parts.istio} into east-1`,
      'put the ztunnel of east-1 back if a run switched it',
      'let east-2 see east-1',
      'renew istiod of east-1 if a remote secret was replaced',
      'run the east-west gateway of west',
      'stand HAProxy in front of the gateway of south',
      'publish the address of the east-west gateway of west',
      'renew pods of east-1 that are older than their ztunnel',
    ])
    expect(names[4]).toHaveLength(4 * 3)
    expect(names[6]).toEqual(['run the east-west gateway of west', 'run the east-west gateway of south'])
    expect(names[7]).toHaveLength(1)
    expect(calls).toEqual([])
  })

  it('print commands without keys or secrets', async () => {
    const { parts } = await partsOf('hop-ladder')
    const commands = meshPhases(parts)
      .flat()
      .flatMap((step) => step.commands)
    expect(commands.length).toBeGreaterThan(20)
    expect(commands.map(({ input }) => input ?? '').join('\n')).not.toMatch(/PRIVATE KEY|LS0tLS1/)
  })

  it('give every cluster an intermediate of one root, by standard input only', async () => {
    const { parts, calls } = await partsOf('mixed', (command) =>
      command.args.includes('get') ? notFound(command) : '',
    )
    const step = meshPhases(parts)
      .flat()
      .find(({ name }) => name.startsWith('give all clusters'))!
    expect(await step.isDone(context())).toBe(false)
    calls.length = 0
    await step.run(context())
    const applied = calls.filter(({ args }) => args.includes('apply'))
    expect(applied).toHaveLength(parts.clusters.length)
    const secrets = applied.map(
      ({ input }) =>
        JSON.parse(input ?? '') as {
          metadata: { annotations: Record<string, string> }
          data: Record<string, string>
        },
    )
    expect(new Set(secrets.map(({ metadata }) => metadata.annotations[rootAnnotation])).size).toBe(1)
    expect(new Set(secrets.map(({ data }) => data['root-cert.pem'])).size).toBe(1)
    const subjects = secrets.map(
      ({ data }) => new X509Certificate(Buffer.from(data['ca-cert.pem'] ?? '', 'base64')).subject,
    )
    expect(new Set(subjects).size).toBe(parts.clusters.length)
    for (const { args } of applied) expect(args.join(' ')).not.toContain('LS0tLS1')
  })

  it('renew all CAs when one cluster has another root', async () => {
    let number = 0
    const { parts } = await partsOf('mixed', () =>
      JSON.stringify({ metadata: { annotations: { [rootAnnotation]: `sha256:${number++ % 2}` } } }),
    )
    const step = meshPhases(parts)
      .flat()
      .find(({ name }) => name.startsWith('give all clusters'))!
    expect(await step.isDone(context())).toBe(false)
  })

  it('take the Gateway API from the pinned release or from where the user has it', async () => {
    const pins = pinsFor('1.31')
    expect(gatewayApiSource({ pins, options: {} })).toContain(`/${pins.gatewayApi}/standard-install.yaml`)
    expect(gatewayApiSource({ pins, options: { gatewayApi: 'crds' } })).toBe('./crds')
    expect(gatewayApiSource({ pins, options: { gatewayApi: 'https://example.test/crds.yaml' } })).toMatch(
      /^https:/,
    )
  })
})

it('the API server of a remote secret is read from its kubeconfig', () => {
  const kubeconfig =
    'clusters:\n- cluster:\n    certificate-authority-data: AA==\n    server: https://172.18.0.3:6443\n  name: west\n'
  expect(remoteServer(Buffer.from(kubeconfig).toString('base64'))).toBe('https://172.18.0.3:6443')
  expect(remoteServer(undefined)).toBeUndefined()
})

it('a pod that keeps crashing is told with its own last words', async () => {
  const { parts } = await partsOf('same-network')
  const crash = { restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }
  const pods = [{ metadata: { name: 'ztunnel-x' }, status: { containerStatuses: [crash] } }]
  const problem = podProblem(pods)!
  expect(problem).toMatchObject({ kind: 'crash', pod: 'ztunnel-x' })
  const log =
    'info starting\nError: failed to create root cert watcher: Too many open files (os error 24)\n\nStack backtrace:\n  0: main'
  const error = crashError(problem, log, parts.clusters[0]!)
  expect(error.message).toContain('Too many open files')
  expect(error.hint).toContain('fs.inotify.max_user_instances')
  const starting = [
    { metadata: { name: 'z' }, status: { containerStatuses: [{ ...crash, restartCount: 1 }] } },
  ]
  expect(podProblem(starting)).toBeUndefined()
})

it('the proxy forwards to one address and lets nobody change that', () => {
  const config = haproxyConfig(15008, '172.18.0.3', 31403)
  expect(config).toContain('server node 172.18.0.3:31403')
  expect(config).not.toContain('level admin')
})
