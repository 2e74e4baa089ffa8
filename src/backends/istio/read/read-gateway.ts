import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { GatewayObject, PodObject, ServiceObject } from '../../kubernetes/cluster/objects.ts'
import { isServing } from '../../kubernetes/cluster/objects.ts'
import type { Gateway } from '../../kubernetes/load-balancer.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { gatewayLabel } from '../names.ts'
import { gatewayName, hbonePort, systemNamespace } from '../../../plan/names.ts'

type Signal = Pick<StepContext, 'signal'>

const inSystem = { namespace: systemNamespace }

/** The gateway of a cluster, for what stands in front of it. */
export function gatewayOf(cluster: Cluster): Gateway {
  return {
    port: hbonePort,
    nodeAddress: async (context) => {
      const [[pod], { nodes }] = await Promise.all([gatewayPods(cluster, context), cluster.facts(context)])
      return nodes.find(({ name }) => name === pod?.spec.nodeName)?.address
    },
    nodePort: async (context) => gatewayNodePort(await readGatewayService(cluster, context)),
  }
}

export function readGateway(cluster: Cluster, context: Signal): Promise<GatewayObject | undefined> {
  return cluster.find(['gateway', gatewayName], inSystem, context)
}

export function readGatewayService(cluster: Cluster, context: Signal): Promise<ServiceObject | undefined> {
  return cluster.find(['service', gatewayName], inSystem, context)
}

/** Running pods of the gateway, the newest form only. */
export function gatewayPods(cluster: Cluster, context: Signal): Promise<readonly PodObject[]> {
  return servingPods(cluster, `${gatewayLabel}=${gatewayName}`, context)
}

/** Pods of the system namespace that run and are to stay. @throws CommandError */
export async function servingPods(
  cluster: Cluster,
  selector: string,
  context: Signal,
): Promise<readonly PodObject[]> {
  const pods = await cluster.list<PodObject>('pods', { ...inSystem, selector }, context)
  return pods.filter((pod) => isServing(pod))
}

/** What the load balancer gave the gateway: an IP address or, in some clouds, a host name. */
export function publishedAddress(service: ServiceObject | undefined): string | undefined {
  const [ingress] = service?.status?.loadBalancer?.ingress ?? []
  return ingress?.ip ?? ingress?.hostname
}

/** Port of every node that leads to the gateway. */
export function gatewayNodePort(service: ServiceObject | undefined): number | undefined {
  return service?.spec.ports?.find(({ port }) => port === hbonePort)?.nodePort
}
