import type { Command } from '../../backend.ts'
import type { Cluster, Scope } from '../../kubernetes/cluster/cluster.ts'
import {
  envOf,
  type GatewayObject,
  type KubeObject,
  type Rollout,
  type ServiceObject,
} from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { networkLabel } from '../names.ts'
import { gatewayName, systemNamespace } from '../../../plan/names.ts'
import { publishedAddress } from '../read/read-gateway.ts'
import type { ClusterMeshFacts, ControlPlaneFacts, GatewayFacts } from './mesh-facts.ts'

const inSystem = { namespace: systemNamespace }

/** What is asked for, and where. */
type Read = readonly [what: string | readonly string[], scope: Scope]

const reads = {
  system: [['namespace', systemNamespace], {}],
  cluster: [['namespace', 'kube-system'], {}],
  istiods: ['deployments', { ...inSystem, selector: 'app=istiod' }],
  ztunnel: [['daemonset', 'ztunnel'], inSystem],
  classes: ['gatewayclasses', {}],
  gateway: [['gateway', gatewayName], inSystem],
  service: [['service', gatewayName], inSystem],
} as const satisfies Readonly<Record<string, Read>>

/** What `standingFacts` asks. */
export function standingCommands(cluster: Cluster): readonly Command[] {
  return Object.values<Read>(reads).map(([what, scope]) => cluster.getCommand(what, scope))
}

/** What a cluster's own API says of its mesh, whether or not it works. @throws CommandError */
export async function standingFacts(cluster: Cluster, context: StepContext): Promise<ClusterMeshFacts> {
  const [system, own, controlPlane, classes, gateway, { nodes, kubernetes }] = await Promise.all([
    cluster.find<KubeObject>(...reads.system, context),
    cluster.find<KubeObject>(...reads.cluster, context),
    controlPlaneFacts(cluster, context),
    cluster.find<{ readonly items?: readonly KubeObject[] }>(...reads.classes, context),
    gatewayFacts(cluster, context),
    cluster.facts(context),
  ])
  return {
    ...plannedFacts(cluster, nodes.length === 0 ? undefined : kubernetes),
    nodeCidrs: nodes.map(({ podCidr }) => podCidr),
    uid: own?.metadata.uid,
    ...(system ? { networkLabel: system.metadata.labels?.[networkLabel] ?? '' } : {}),
    controlPlane: { ...controlPlane, isInstalled: system !== undefined },
    gatewayClasses: (classes?.items ?? []).map(({ metadata }) => metadata.name),
    ...(gateway ? { gateway } : {}),
    loadBalancer: cluster.spec.gateway?.loadBalancer,
  }
}

/** What is known of a cluster before there is a mesh. */
export function plannedFacts({ name, spec }: Cluster, kubernetes: string | undefined): ClusterMeshFacts {
  const { podCidr, serviceCidr, network } = spec
  return { name, podCidr, serviceCidr, network, kubernetes }
}

async function controlPlaneFacts(
  cluster: Cluster,
  context: StepContext,
): Promise<Omit<ControlPlaneFacts, 'isInstalled'>> {
  const [deployments, ztunnel] = await Promise.all([
    cluster.list<Rollout>(...reads.istiods, context),
    cluster.find<Rollout>(...reads.ztunnel, context),
  ])
  const istiod = deployments.find(({ status }) => (status?.availableReplicas ?? 0) > 0)
  const image = istiod?.spec?.template?.spec?.containers?.[0]?.image ?? ''
  return {
    istiods: deployments.length,
    isAvailable: istiod !== undefined,
    version: /:([^:@/]+?)(-distroless)?(@.*)?$/.exec(image)?.[1] ?? 'unknown',
    // istiod's own default; source: istio pilot/pkg/features, CLUSTER_ID.
    clusterId: istiod && (envOf(istiod, 'CLUSTER_ID') ?? 'Kubernetes'),
    ztunnel: ztunnel && {
      available: ztunnel.status?.numberAvailable ?? 0,
      wanted: ztunnel.status?.desiredNumberScheduled ?? 0,
      network: envOf(ztunnel, 'NETWORK') ?? '',
    },
  }
}

/** The Gateway of a cluster as it is published; undefined without one. @throws CommandError */
export async function gatewayFacts(
  cluster: Cluster,
  context: StepContext,
): Promise<GatewayFacts | undefined> {
  const [gateway, service] = await Promise.all([
    cluster.find<GatewayObject>(...reads.gateway, context),
    cluster.find<ServiceObject>(...reads.service, context),
  ])
  if (!gateway) return undefined
  return {
    addresses: (gateway.status?.addresses ?? []).map(({ value }) => value),
    clusterIp: service?.spec.clusterIP ?? '',
    ingress: publishedAddress(service),
    className: gateway.spec.gatewayClassName,
    network: gateway.metadata.labels?.[networkLabel] ?? '',
    isProxied: service?.status?.loadBalancer?.ingress?.some(({ ipMode }) => ipMode === 'Proxy'),
  }
}
