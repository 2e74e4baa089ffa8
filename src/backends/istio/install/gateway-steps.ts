import { HopmeterError } from '../../../errors.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { isRolledOut, type Ingress, type Rollout } from '../../kubernetes/cluster/objects.ts'
import type { LoadBalancer } from '../../kubernetes/load-balancer.ts'
import type { KubeStep, Phase, StepContext } from '../../kubernetes/steps/step.ts'
import { waitUntilReady } from '../../kubernetes/steps/wait.ts'
import type { IstioContext } from '../context.ts'
import { gatewayClass, networkLabel } from '../names.ts'
import { gatewayName, hbonePort, systemNamespace } from '../../../plan/names.ts'
import { readGateway, readGatewayService } from '../read/read-gateway.ts'
import { findPodProblem } from './pod-watch.ts'

const appearTimeoutMs = 120_000

/** Gateways, the load balancers in front of them, and the addresses that they are published by. */
export function gatewayPhases({ gateways, loadBalancers }: IstioContext): readonly Phase[] {
  return [
    gateways.map((cluster) => gatewayStep(cluster)),
    [...loadBalancers.values()].flatMap(({ step }) => step ?? []),
    gateways.flatMap((cluster) => {
      const loadBalancer = loadBalancers.get(cluster.name)
      return loadBalancer ? [publishStep(cluster, loadBalancer)] : []
    }),
  ]
}

/** Shape: istio `samples/multicluster/gen-eastwest-gateway.sh --ambient`. */
function gatewayManifest(network: string): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: gatewayName, namespace: systemNamespace, labels: { [networkLabel]: network } },
    spec: {
      gatewayClassName: gatewayClass,
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

function gatewayStep(cluster: Cluster): KubeStep {
  const { network } = cluster.spec
  const apply = cluster.applyCommand(gatewayManifest(network))
  const isUp = async (context: StepContext) => {
    const inSystem = { namespace: systemNamespace }
    const deployment = await cluster.find<Rollout>(['deployment', gatewayName], inSystem, context)
    return deployment !== undefined && isRolledOut(deployment)
  }
  return {
    name: `run the east-west gateway of ${cluster.name}`,
    commands: [apply],
    isDone: async (context) => {
      const gateway = await readGateway(cluster, context)
      const isAsWanted =
        gateway?.spec.gatewayClassName === gatewayClass && gateway.metadata.labels?.[networkLabel] === network
      return isAsWanted && (await isUp(context))
    },
    run: async (context) => {
      await cluster.call(apply, context)
      await waitUntilReady(
        {
          name: `east-west gateway of ${cluster.name} runs`,
          deadlineMs: cluster.deadlineMs(appearTimeoutMs),
          check: async (inner) => {
            if (await isUp(inner)) return null
            const problem = await findPodProblem(cluster, inner)
            return problem?.message ?? 'its deployment is not available'
          },
          explain: () =>
            `no deployment at all: GatewayClass ${gatewayClass} is missing, AMBIENT_ENABLE_MULTI_NETWORK is off in istiod; ` +
            `else look at kubectl --namespace ${systemNamespace} describe deployment ${gatewayName}`,
        },
        context,
      )
    },
  }
}

/** Publishes the gateway: there is no load balancer controller, so hopmeter itself writes the Service's status. */
function publishStep(cluster: Cluster, loadBalancer: LoadBalancer): KubeStep {
  const patch = (ingress: Ingress) =>
    cluster.kubectl([
      ...['--namespace', systemNamespace, 'patch', 'service', gatewayName, '--subresource', 'status'],
      ...['--type', 'merge', '--patch', JSON.stringify({ status: { loadBalancer: { ingress: [ingress] } } })],
    ])
  return {
    name: `publish the address of the east-west gateway of ${cluster.name}`,
    commands: [patch(loadBalancer.placeholder)],
    isDone: async (context) => {
      const [service, wanted] = await Promise.all([
        readGatewayService(cluster, context),
        loadBalancer.ingress(context),
      ])
      const ingress = service?.status?.loadBalancer?.ingress ?? []
      return ingress.length === 1 && wanted !== undefined && sameIngress(ingress[0], wanted)
    },
    run: async (context) => {
      const wanted = await loadBalancer.ingress(context)
      if (wanted === undefined) {
        const { what, hint } = loadBalancer.missing
        throw new HopmeterError(`the gateway of ${cluster.name} has no address yet: ${what} does not run`, {
          hint,
        })
      }
      await cluster.call(patch(wanted), context)
    },
  }
}

function sameIngress(a: Ingress | undefined, b: Ingress): boolean {
  return a?.ip === b.ip && (a?.ipMode === 'Proxy') === (b.ipMode === 'Proxy')
}
