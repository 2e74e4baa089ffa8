import { HopmeterError } from '../../../errors.ts'
import { loadBalancerAddress, loadBalancerStep } from '../../kind/load-balancer/proxy.ts'
import { loadBalancerName, type KindCluster } from '../../kubernetes/cluster/layout.ts'
import { isRolledOut, type Rollout } from '../../kubernetes/cluster/objects.ts'
import { waitUntilReady } from '../../kubernetes/steps/run-steps.ts'
import type { KubeStep, Phase, StepContext } from '../../kubernetes/steps/step.ts'
import {
  applyArguments,
  gatewayName,
  hbonePort,
  isProxied,
  networkLabel,
  systemNamespace,
  type IstioParts,
} from '../context.ts'
import { gatewayNodeAddress, readGatewayService, type Ingress } from '../read/read-gateway.ts'
import { findPodProblem } from './pod-watch.ts'

const appearTimeoutMs = 120_000

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

function sameIngress(a: Ingress | undefined, b: Ingress): boolean {
  return a?.ip === b.ip && (a?.ipMode === 'Proxy') === (b.ipMode === 'Proxy')
}
