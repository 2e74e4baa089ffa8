import { HopmeterError } from '../../../errors.ts'
import { cidrsOverlap, parseCidr } from '../../../topology/cidr.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { envOf, type KubeObject, type Rollout } from '../../kubernetes/cluster/objects.ts'
import { checkStep, type KubeStep, type StepContext } from '../../kubernetes/steps/step.ts'
import { type IstioContext } from '../context.ts'
import { gatewayClass, gatewayName, networkLabel, systemNamespace } from '../names.ts'
import { publishedAddress, readGateway, readGatewayService } from '../read/read-gateway.ts'
import { readRemoteClusters } from '../read/read-mesh.ts'

/** What the checks learn of meshes that they did not make. */
export interface LearnedMesh {
  /** Tag of istiod's image, by cluster. */
  readonly versions: Map<string, string>
  /** The name by which istiod and ztunnel know each cluster, which need not be the scenario's. */
  readonly clusterIds: Map<string, string>
}

/**
 * Ambient runs in the cluster, in the network that the scenario says and with what several clusters need. Only reads.
 */
export function checkMeshStep(parts: IstioContext, cluster: Cluster, learned: LearnedMesh): KubeStep {
  const inSystem = { namespace: systemNamespace }
  const istiodScope = { ...inSystem, selector: 'app=istiod' }
  const namespace = ['namespace', systemNamespace]
  const ztunnels = ['daemonset', 'ztunnel']
  const classes = ['gatewayclass', gatewayClass]
  return checkStep(
    `check the mesh of ${cluster.name}`,
    [
      cluster.getCommand(namespace),
      cluster.getCommand('deployments', istiodScope),
      cluster.getCommand(ztunnels, inSystem),
      cluster.getCommand(classes),
    ],
    async (context) => {
      const { name, spec } = cluster
      const found = await cluster.find<KubeObject>(namespace, {}, context)
      if (!found)
        throw new HopmeterError(`cluster "${name}" has no Istio: there is no namespace ${systemNamespace}`)
      const label = found.metadata.labels?.[networkLabel] ?? ''
      if (label !== spec.network) {
        throw new HopmeterError(
          `cluster "${name}" is in network "${label}", the scenario says "${spec.network}"`,
          {
            hint:
              `is ${cluster.context} the context of ${name}? The label ${networkLabel} of namespace ${systemNamespace} ` +
              "and ztunnel's NETWORK decide it",
          },
        )
      }
      const items = await cluster.list<Rollout>('deployments', istiodScope, context)
      const istiod = items.find(({ status }) => (status?.availableReplicas ?? 0) > 0)
      if (!istiod) {
        const which = items.length === 0 ? 'no istiod of its own' : 'an istiod that is not available'
        throw new HopmeterError(`cluster "${name}" has ${which}`, {
          hint: 'every cluster of an ambient mesh has its own control plane',
        })
      }
      const ztunnel = await cluster.find<Rollout>(ztunnels, inSystem, context)
      if (!ztunnel) {
        throw new HopmeterError(`cluster "${name}" has no ztunnel`, { hint: 'install the ambient profile' })
      }
      const { numberAvailable = 0, desiredNumberScheduled = 0 } = ztunnel.status ?? {}
      if (numberAvailable < desiredNumberScheduled) {
        throw new HopmeterError(
          `ztunnel of cluster "${name}" is available on ${numberAvailable} of ${desiredNumberScheduled} nodes`,
        )
      }
      const network = envOf(ztunnel, 'NETWORK') ?? ''
      if (network !== label) {
        throw new HopmeterError(
          `ztunnel of cluster "${name}" believes network "${network}", istiod says "${label}"`,
          {
            hint: 'install again with values.global.network, so that ztunnel gets the same NETWORK, and restart ztunnel',
          },
        )
      }
      if (parts.clusters.length > 1 && !(await cluster.find(classes, {}, context))) {
        throw new HopmeterError(
          `cluster "${name}" has no GatewayClass ${gatewayClass}: multi-cluster is off`,
          {
            hint: 'set AMBIENT_ENABLE_MULTI_NETWORK=true on istiod of every cluster; one network needs it, too',
          },
        )
      }
      const image = istiod.spec?.template?.spec?.containers?.[0]?.image ?? ''
      learned.versions.set(name, /:([^:@/]+?)(-distroless)?(@.*)?$/.exec(image)?.[1] ?? 'unknown')
      // istiod's own default; source: istio pilot/pkg/features, CLUSTER_ID.
      learned.clusterIds.set(name, envOf(istiod, 'CLUSTER_ID') ?? 'Kubernetes')
    },
  )
}

/** The gateway that paths enter is there and published, and nothing that proxies stands in front of it. */
export function checkGatewayStep(cluster: Cluster): KubeStep {
  const command = cluster.getCommand(['gateway', gatewayName], { namespace: systemNamespace })
  return checkStep(`check the east-west gateway of ${cluster.name}`, [command], async (context) => {
    const { name, spec } = cluster
    const gateway = await readGateway(cluster, context)
    if (!gateway) {
      throw new HopmeterError(`cluster "${name}" has no Gateway "${gatewayName}" in ${systemNamespace}`, {
        hint: 'other networks reach its pods through it; Istio samples/multicluster/gen-eastwest-gateway.sh --ambient makes one',
      })
    }
    const { gatewayClassName = '' } = gateway.spec
    if (gatewayClassName !== gatewayClass) {
      throw new HopmeterError(
        `the gateway of cluster "${name}" is of class "${gatewayClassName}", not ${gatewayClass}`,
      )
    }
    const network = gateway.metadata.labels?.[networkLabel] ?? ''
    if (network !== spec.network) {
      throw new HopmeterError(
        `the gateway of cluster "${name}" serves network "${network}", not "${spec.network}"`,
        {
          hint: `label it ${networkLabel}=${spec.network}`,
        },
      )
    }
    const service = await readGatewayService(cluster, context)
    if (publishedAddress(service) === undefined) {
      throw new HopmeterError(
        `the gateway of cluster "${name}" has no address: its load balancer is pending`,
        {
          hint: `other clusters would dial its ClusterIP in vain; kubectl --context ${cluster.context} --namespace ${systemNamespace} get service ${gatewayName}`,
        },
      )
    }
    if (service?.status?.loadBalancer?.ingress?.some(({ ipMode }) => ipMode === 'Proxy') === true) {
      throw new HopmeterError(
        `a load balancer that proxies (ipMode: Proxy) stands before the gateway of cluster "${name}"`,
        {
          hint: 'that is one component more than the scenario says, and hopmeter cannot look into it to prove it',
        },
      )
    }
  })
}

/** No cluster is there twice, pods of one network have addresses of their own, and istiods read each other. */
export function checkTogetherStep(parts: IstioContext, learned: LearnedMesh): KubeStep {
  const { clusters } = parts
  const marked = ['namespace', 'kube-system']
  const commands = clusters.map((cluster) => cluster.getCommand(marked))
  return checkStep('check the clusters together', commands, async (context) => {
    const uids = await Promise.all(
      clusters.map(async (cluster) => (await cluster.find<KubeObject>(marked, {}, context))?.metadata.uid),
    )
    const cidrs = await Promise.all(
      clusters.map(async (cluster) => (await cluster.facts(context)).nodes.map(({ podCidr }) => podCidr)),
    )
    for (const [i, a] of clusters.entries()) {
      for (const [j, b] of clusters.entries()) {
        if (j <= i) continue
        if (uids[i] !== undefined && uids[i] === uids[j]) {
          throw new HopmeterError(`contexts ${a.context} and ${b.context} lead to the same cluster`)
        }
        if (learned.clusterIds.get(a.name) === learned.clusterIds.get(b.name)) {
          throw new HopmeterError(
            `${a.name} and ${b.name} have the same name for Istio: "${learned.clusterIds.get(a.name)}"`,
            { hint: 'values.global.multiCluster.clusterName must be different in every cluster' },
          )
        }
        const clash = a.spec.network === b.spec.network ? overlap(cidrs[i], cidrs[j]) : undefined
        if (clash !== undefined) {
          throw new HopmeterError(`pods of ${a.name} and ${b.name} have the same addresses: ${clash}`, {
            hint: 'pods of one network dial each other by address; use different networks, or other pod CIDRs',
          })
        }
      }
    }
    await Promise.all(clusters.map((cluster) => checkRemotes(parts, cluster, context)))
  })
}

/** A remote secret that nobody has made will not come by waiting for it. */
async function checkRemotes(parts: IstioContext, cluster: Cluster, context: StepContext): Promise<void> {
  const others = parts.clusters.filter((other) => other !== cluster)
  if (others.length === 0) return
  const states = await readRemoteClusters(parts, cluster, context)
  if (!states.ok) throw new HopmeterError(states.cannotRead)
  for (const other of others) {
    if (states.value.has(other.name)) continue
    const id = parts.clusterIds?.get(other.name) ?? other.name
    throw new HopmeterError(
      `istiod of ${cluster.name} does not know ${other.name}, which is "${id}" to Istio`,
      {
        hint: `istioctl create-remote-secret --context ${other.context} --name ${id} | kubectl --context ${cluster.context} apply --filename -`,
      },
    )
  }
}

function overlap(a: readonly string[] = [], b: readonly string[] = []): string | undefined {
  for (const one of a) {
    for (const other of b) {
      const [left, right] = [parseCidr(one), parseCidr(other)]
      if (left !== undefined && right !== undefined && cidrsOverlap(left, right)) return `${one} and ${other}`
    }
  }
  return undefined
}
