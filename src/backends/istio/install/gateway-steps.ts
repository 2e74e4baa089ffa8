import { HopmeterError } from '../../../errors.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { imageOf, isRolledOut, type Ingress, type Rollout } from '../../kubernetes/cluster/objects.ts'
import type { LoadBalancer } from '../../kubernetes/load-balancer.ts'
import type { KubeStep, Phase, StepContext } from '../../kubernetes/steps/step.ts'
import { waitUntilReady } from '../../kubernetes/steps/wait.ts'
import type { IstioContext } from '../context.ts'
import { gatewayClass, networkLabel } from '../names.ts'
import { gatewayName, hbonePort, systemNamespace } from '../../../plan/names.ts'
import { readGateway, readGatewayService } from '../read/read-gateway.ts'
import { findPodProblem, whatPodsSay } from './pod-watch.ts'

const appearTimeoutMs = 120_000
const noPod = 'it has no pod'

/**
 * Gateways, the load balancers in front of them, and the addresses that they are published by.
 * @param image of the gateways' proxies; that of the control plane unless given
 */
export function gatewayPhases({ gateways, loadBalancers }: IstioContext, image?: string): readonly Phase[] {
  return [
    gateways.map((cluster) => gatewayStep(cluster, image)),
    [...loadBalancers.values()].flatMap(({ step }) => step ?? []),
    gateways.flatMap((cluster) => {
      const loadBalancer = loadBalancers.get(cluster.name)
      return loadBalancer ? [publishStep(cluster, loadBalancer)] : []
    }),
  ]
}

/**
 * Replaces the image that istiod gives a gateway's Deployment. One that is set on the Deployment itself would not last:
 * istiod watches it and applies its template again, by force (istio 1.30, 1.31: `kube-gateway.yaml`,
 * `gatewaycommon/deploymentcontroller.go`).
 */
const imageAnnotation = 'sidecar.istio.io/proxyImage'

/** Shape: istio `samples/multicluster/gen-eastwest-gateway.sh --ambient`. */
function gatewayManifest(network: string, image: string | undefined): object {
  const annotations = image === undefined ? {} : { annotations: { [imageAnnotation]: image } }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {
      ...{ name: gatewayName, namespace: systemNamespace, labels: { [networkLabel]: network } },
      ...annotations,
    },
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

/** @param image as of `gatewayPhases` */
export function gatewayStep(cluster: Cluster, image?: string): KubeStep {
  const { network } = cluster.spec
  const apply = cluster.applyCommand(gatewayManifest(network, image))
  const asked = `kubectl --kubeconfig ${cluster.kubeconfig} --namespace ${systemNamespace}`
  const isUp = async (context: StepContext, former?: string) => {
    const inSystem = { namespace: systemNamespace }
    const deployment = await cluster.find<Rollout>(['deployment', gatewayName], inSystem, context)
    if (deployment === undefined || !isRolledOut(deployment)) return false
    // istiod takes a moment to follow; what it gives without the annotation is for istiod to say.
    const own = imageOf(deployment)
    return image === undefined ? former === undefined || own !== former : own === image
  }
  return {
    name: `run the east-west gateway of ${cluster.name}`,
    commands: [apply],
    isDone: async (context) => {
      const gateway = await readGateway(cluster, context)
      const isAsWanted =
        gateway?.spec.gatewayClassName === gatewayClass &&
        gateway.metadata.labels?.[networkLabel] === network &&
        gateway.metadata.annotations?.[imageAnnotation] === image
      return isAsWanted && (await isUp(context))
    },
    run: async (context) => {
      const former = (await readGateway(cluster, context))?.metadata.annotations?.[imageAnnotation]
      await cluster.call(apply, context)
      await waitUntilReady(
        {
          name: `east-west gateway of ${cluster.name} runs`,
          deadlineMs: cluster.deadlineMs(appearTimeoutMs),
          check: async (inner) => {
            if (await isUp(inner, former)) return null
            const problem = await findPodProblem(cluster, inner)
            return problem?.message ?? (await whatPodsSay(cluster, gatewayName, inner)) ?? noPod
          },
          explain: (missing) =>
            missing === noPod
              ? `without a deployment: GatewayClass ${gatewayClass} is missing, or AMBIENT_ENABLE_MULTI_NETWORK is off in istiod; ` +
                `else look at ${asked} describe deployment ${gatewayName}`
              : `${asked} logs deployment/${gatewayName} says all; a proxy that refuses its configuration is of another version or build than istiod`,
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
