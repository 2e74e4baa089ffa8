import type { KindCluster } from '../../kubernetes/cluster/layout.ts'
import type { PodObject } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { gatewayName, hbonePort, systemNamespace, type IstioParts } from '../context.ts'

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
