import { HopmeterError } from '../../../errors.ts'
import type { KubeStep, Phase, StepContext } from '../contract.ts'
import type { KindCluster } from '../layout.ts'
import { waitUntilReady } from '../steps.ts'
import { findPodProblem } from './pod-watch.ts'
import { isRolledOut, type Rollout } from './install.ts'
import { loadBalancerAddress, loadBalancerName, loadBalancerStep } from './load-balancer.ts'
import {
  applyArguments,
  gatewayName,
  hbonePort,
  isProxied,
  networkLabel,
  systemNamespace,
  type IstioParts,
} from './parts.ts'

const appearTimeoutMs = 120_000

/** What hopmeter reads of a gateway's Service. */
export interface GatewayService {
  readonly spec: {
    readonly clusterIP?: string
    readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[]
  }
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly Ingress[] } }
}

export interface Ingress {
  readonly ip?: string
  readonly hostname?: string
  readonly ipMode?: string
}

/** What hopmeter reads of a pod. */
export interface PodObject {
  readonly metadata: {
    readonly name: string
    readonly uid?: string
    /** On its way out, though its phase may still be Running. */
    readonly deletionTimestamp?: string
    readonly annotations?: Readonly<Record<string, string>>
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec: { readonly nodeName?: string }
  readonly status?: {
    readonly podIP?: string
    readonly phase?: string
    readonly startTime?: string
    readonly containerStatuses?: readonly {
      readonly image: string
      readonly imageID: string
      readonly ready?: boolean
    }[]
  }
}

/** Gateways, the load balancers in front of them, and the addresses that they are published by. */
export function gatewayPhases(parts: IstioParts): readonly Phase[] {
  const { gateways } = parts
  return [
    gateways.map((cluster) => gatewayStep(parts, cluster)),
    gateways.filter((cluster) => isProxied(cluster)).map((cluster) => loadBalancerStep(parts, cluster)),
    gateways.map((cluster) => publishStep(parts, cluster)),
  ]
}

/** Shape: istio `samples/multicluster/gen-eastwest-gateway.sh --ambient`. */
export function gatewayManifest(network: string): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: gatewayName, namespace: systemNamespace, labels: { [networkLabel]: network } },
    spec: {
      gatewayClassName: 'istio-east-west',
      listeners: [
        {
          name: 'mesh',
          port: hbonePort,
          protocol: 'HBONE',
          tls: { mode: 'Terminate', options: { 'gateway.istio.io/tls-terminate-mode': 'ISTIO_MUTUAL' } },
        },
      ],
    },
  }
}

function gatewayStep({ tools }: IstioParts, cluster: KindCluster): KubeStep {
  const { network } = cluster.spec
  const apply = tools.kubectl(cluster, applyArguments, gatewayManifest(network))
  const inSystem = ['--namespace', systemNamespace]
  const readGateway = tools.kubectl(cluster, [...inSystem, 'get', 'gateway', gatewayName, '-o', 'json'])
  const readDeployment = tools.kubectl(cluster, [...inSystem, 'get', 'deployment', gatewayName, '-o', 'json'])
  const isUp = async (context: StepContext) => {
    const deployment = await tools.find<Rollout>(readDeployment, context)
    return deployment !== undefined && isRolledOut(deployment)
  }
  return {
    name: `run the east-west gateway of ${cluster.name}`,
    commands: [apply],
    isDone: async (context) => {
      const gateway = await tools.find<{
        readonly metadata: { readonly labels?: Readonly<Record<string, string>> }
        readonly spec: { readonly gatewayClassName?: string }
      }>(readGateway, context)
      const isAsWanted =
        gateway?.spec.gatewayClassName === 'istio-east-west' &&
        gateway.metadata.labels?.[networkLabel] === network
      return isAsWanted && (await isUp(context))
    },
    run: async (context) => {
      await tools.call(apply, context)
      await waitUntilReady(
        {
          name: `east-west gateway of ${cluster.name} runs`,
          deadlineMs: tools.deadlineMs(appearTimeoutMs),
          check: async (inner) => {
            if (await isUp(inner)) return null
            const problem = await findPodProblem(tools, cluster, inner)
            return problem?.message ?? 'its deployment is not available'
          },
          explain: () =>
            'no deployment at all: GatewayClass istio-east-west is missing, AMBIENT_ENABLE_MULTI_NETWORK is off in istiod; ' +
            `else look at kubectl --namespace ${systemNamespace} describe deployment ${gatewayName}`,
        },
        context,
      )
    },
  }
}

/**
 * Publishes the gateway: kind has no load balancer controller, so hopmeter itself writes the Service's status. A node's
 * address needs no further component (kube-proxy translates it); with `ipMode: Proxy` traffic goes to the proxy.
 */
function publishStep(parts: IstioParts, cluster: KindCluster): KubeStep {
  const { tools } = parts
  const patch = (ingress: Ingress) =>
    tools.kubectl(cluster, [
      ...['--namespace', systemNamespace, 'patch', 'service', gatewayName, '--subresource', 'status'],
      ...['--type', 'merge', '--patch', JSON.stringify({ status: { loadBalancer: { ingress: [ingress] } } })],
    ])
  const shown = isProxied(cluster)
    ? { ip: 'ADDRESS-OF-THE-PROXY', ipMode: 'Proxy' }
    : { ip: 'ADDRESS-OF-ITS-NODE' }
  return {
    name: `publish the address of the east-west gateway of ${cluster.name}`,
    commands: [patch(shown)],
    isDone: async (context) => {
      const [service, wanted] = await Promise.all([
        readGatewayService(parts, cluster, context),
        wantedIngress(parts, cluster, context),
      ])
      const ingress = service?.status?.loadBalancer?.ingress ?? []
      return ingress.length === 1 && wanted.ip !== undefined && sameIngress(ingress[0], wanted)
    },
    run: async (context) => {
      const wanted = await wantedIngress(parts, cluster, context)
      if (wanted.ip === undefined) {
        const what = isProxied(cluster) ? 'its load balancer' : 'its pod'
        throw new HopmeterError(`the gateway of ${cluster.name} has no address yet: ${what} does not run`, {
          hint: isProxied(cluster)
            ? `docker logs ${loadBalancerName(cluster)} says why`
            : `kubectl --context ${cluster.context} --namespace ${systemNamespace} get pods says why`,
        })
      }
      await tools.call(patch(wanted), context)
    },
  }
}

function sameIngress(a: Ingress | undefined, b: Ingress): boolean {
  return a?.ip === b.ip && (a?.ipMode === 'Proxy') === (b.ipMode === 'Proxy')
}

/** Where the gateway of this cluster is to be reached, from what runs now. */
export async function wantedIngress(
  parts: IstioParts,
  cluster: KindCluster,
  context: StepContext,
): Promise<Ingress> {
  if (isProxied(cluster)) {
    const ip = await loadBalancerAddress(parts, cluster, context)
    return ip === undefined ? {} : { ip, ipMode: 'Proxy' }
  }
  const ip = await gatewayNodeAddress(parts, cluster, context)
  return ip === undefined ? {} : { ip }
}

/** Address of the node on which the gateway's pod runs, so that no other node forwards for it. */
export async function gatewayNodeAddress(
  parts: IstioParts,
  cluster: KindCluster,
  context: StepContext,
): Promise<string | undefined> {
  const [pod] = await gatewayPods(parts, cluster, context)
  const { nodes } = await parts.facts.of(cluster, context)
  return nodes.find(({ name }) => name === pod?.spec.nodeName)?.address
}

/** Running pods of the gateway, the newest form only. */
export function gatewayPods(
  parts: Pick<IstioParts, 'tools'>,
  cluster: KindCluster,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly PodObject[]> {
  return servingPods(parts, cluster, `gateway.networking.k8s.io/gateway-name=${gatewayName}`, context)
}

/** Pods of the system namespace that run and are to stay. @throws CommandError */
export async function servingPods(
  { tools }: Pick<IstioParts, 'tools'>,
  cluster: KindCluster,
  selector: string,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly PodObject[]> {
  const list = ['--namespace', systemNamespace, 'get', 'pods', '--selector', selector, '-o', 'json']
  const { items } = await tools.json<{ readonly items?: readonly PodObject[] }>(
    tools.kubectl(cluster, list),
    context,
  )
  return (items ?? []).filter((pod) => isServing(pod))
}

/** Runs and stays: after a restart the former pod may be there for a while. */
function isServing({ metadata, status }: PodObject): boolean {
  return status?.phase === 'Running' && metadata.deletionTimestamp === undefined
}

export function readGatewayService(
  { tools }: Pick<IstioParts, 'tools'>,
  cluster: KindCluster,
  context: Pick<StepContext, 'signal'>,
): Promise<GatewayService | undefined> {
  const read = tools.kubectl(cluster, [
    '--namespace',
    systemNamespace,
    'get',
    'service',
    gatewayName,
    '-o',
    'json',
  ])
  return tools.find<GatewayService>(read, context)
}

/** What the load balancer gave the gateway: an IP address or, in some clouds, a host name. */
export function publishedAddress(service: GatewayService | undefined): string | undefined {
  const [ingress] = service?.status?.loadBalancer?.ingress ?? []
  return ingress?.ip ?? ingress?.hostname
}

/** Port of every node that leads to the gateway. */
export function gatewayNodePort(service: GatewayService | undefined): number | undefined {
  return service?.spec.ports?.find(({ port }) => port === hbonePort)?.nodePort
}
