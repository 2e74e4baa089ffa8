import { isAbsolute } from 'node:path'
import { CommandError, EnvironmentError } from '../../../errors.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { KubeObject } from '../../kubernetes/cluster/objects.ts'
import { serialQueue } from '../../kubernetes/steps/serial-queue.ts'
import type { KubeStep, Phase, StepContext } from '../../kubernetes/steps/step.ts'
import type { IstioContext } from '../context.ts'
import { networkLabel } from '../names.ts'
import { gatewayName, systemNamespace } from '../../../plan/names.ts'
import { caSecret, createMeshRoot, rootAnnotation } from './ca.ts'
import { gatewayPhases } from './gateway-steps.ts'
import { installStep } from './install.ts'
import { remoteSecretStep } from './remote-secrets.ts'
import { restartIstiodStep } from './restart-istiod.ts'
import { restartPodsStep } from './restart-pods.ts'
import { restart } from './restart.ts'
import { ztunnelBackStep } from './switch-ztunnel.ts'

/**
 * Everything that a mesh needs, in order: labelled namespaces, the shared root and the Gateway API, Istio, what the
 * clusters know of each other, gateways where some path enters one.
 */
export function meshPhases(istio: IstioContext): readonly Phase[] {
  const { clusters } = istio
  const turns = new Map(clusters.map((cluster) => [cluster, serialQueue()]))
  const turnsOf = (cluster: Cluster) => turns.get(cluster) ?? serialQueue()
  const pairs = clusters.flatMap((of) => clusters.filter((to) => to !== of).map((to) => ({ of, to })))
  const phases: readonly Phase[] = [
    clusters.map((cluster) => namespaceStep(cluster)),
    [caStep(clusters), ...clusters.map((cluster) => gatewayApiStep(istio, cluster))],
    clusters.map((cluster) => installStep(istio, cluster)),
    clusters.map((cluster) => ztunnelBackStep(cluster)),
    pairs.map(({ of, to }) => remoteSecretStep(of, to, turnsOf(of))),
    pairs.length > 0 ? clusters.map((cluster) => restartIstiodStep(cluster)) : [],
    ...gatewayPhases(istio),
    clusters.map((cluster) => restartPodsStep(istio, cluster)),
  ]
  return phases.filter((phase) => phase.length > 0)
}

/** The network label is what istiod decides by; istioctl sets it only on a namespace that it creates itself. */
function namespaceStep(cluster: Cluster): KubeStep {
  const { network } = cluster.spec
  const apply = cluster.applyCommand({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: systemNamespace, labels: { [networkLabel]: network } },
  })
  return {
    name: `label ${systemNamespace} of ${cluster.name} with network ${network}`,
    commands: [apply],
    isDone: async (context) => {
      const found = await cluster.find<KubeObject>(['namespace', systemNamespace], {}, context)
      return found?.metadata.labels?.[networkLabel] === network
    },
    run: async (context) => void (await cluster.call(apply, context)),
  }
}

/**
 * One root for all clusters. Its key exists only while this step runs, so when one cluster lacks its secret, all get
 * new ones; what already runs with an old root is started anew, as istiod does not change roots while it runs.
 */
function caStep(clusters: readonly Cluster[]): KubeStep {
  const inSystem = { namespace: systemNamespace }
  const shown = { 'ca-cert.pem': '', 'ca-key.pem': '', 'root-cert.pem': '', 'cert-chain.pem': '' }
  return {
    name: 'give all clusters CAs of one root',
    // Keys are made in memory when the step runs; a plan shows the form of the secret only.
    commands: clusters.map((cluster) => cluster.applyCommand(caSecret(shown, 'ROOT-FINGERPRINT'))),
    isDone: async (context) => {
      const secrets = await Promise.all(
        clusters.map((cluster) => cluster.find<KubeObject>(['secret', 'cacerts'], inSystem, context)),
      )
      const roots = new Set(secrets.map((secret) => secret?.metadata.annotations?.[rootAnnotation]))
      return roots.size === 1 && !roots.has(undefined)
    },
    run: async (context) => {
      const root = await createMeshRoot()
      await Promise.all(
        clusters.map(async (cluster) => {
          const files = await root.intermediate(cluster.name)
          await cluster.apply(caSecret(files, root.fingerprint), context)
          await restartMesh(cluster, context)
        }),
      )
    },
  }
}

/**
 * Starts istiod and then what has certificates of it anew, where they run. What is broken now may come up with the
 * new root, so it is restarted, too, but not waited for: the steps that follow repair it.
 */
async function restartMesh(cluster: Cluster, context: StepContext): Promise<void> {
  for (const workload of ['deployment/istiod', 'daemonset/ztunnel', `deployment/${gatewayName}`]) {
    await restart(cluster, workload, context)
  }
}

/** Where the CRDs come from: the pinned release, or what the user has (`--gateway-api`: URL, file or folder). */
export function gatewayApiSource({ pins, options }: Pick<IstioContext, 'pins' | 'options'>): string {
  const { gatewayApi } = options
  if (gatewayApi !== undefined) {
    return gatewayApi.includes('://') || isAbsolute(gatewayApi) ? gatewayApi : `./${gatewayApi}`
  }
  return `https://github.com/kubernetes-sigs/gateway-api/releases/download/${pins.gatewayApi}/standard-install.yaml`
}

/** On the CRDs, by their own release. Source: gateway-api `pkg/consts`. */
const bundleAnnotation = 'gateway.networking.k8s.io/bundle-version'

function gatewayApiStep(istio: IstioContext, cluster: Cluster): KubeStep {
  const { options, pins } = istio
  const apply = cluster.applyFileCommand(gatewayApiSource(istio))
  const crd = ['crd', 'gateways.gateway.networking.k8s.io']
  return {
    name: `install the Gateway API ${options.gatewayApi ?? pins.gatewayApi} into ${cluster.name}`,
    commands: [apply],
    isDone: async (context) => {
      const found = await cluster.find<KubeObject>(crd, {}, context)
      const version = found?.metadata.annotations?.[bundleAnnotation]
      return options.gatewayApi === undefined ? version === pins.gatewayApi : version !== undefined
    },
    run: async (context) => {
      try {
        await cluster.call(apply, { ...context, timeoutMs: 120_000 })
      } catch (cause) {
        context.signal.throwIfAborted()
        if (!(cause instanceof CommandError)) throw cause
        throw new EnvironmentError(cause.message, {
          cause,
          hint: 'without a network: hopmeter tools install fetches the CRDs beforehand, or --gateway-api names a file that has them',
        })
      }
    },
  }
}
