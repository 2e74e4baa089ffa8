import { isAbsolute } from 'node:path'
import { CommandError, EnvironmentError } from '../../../errors.ts'
import type { KindCluster } from '../../kubernetes/cluster/layout.ts'
import { inTurns } from '../../kubernetes/steps/serial-queue.ts'
import type { KubeStep, Phase, StepContext } from '../../kubernetes/steps/step.ts'
import {
  applyArguments,
  fieldManager,
  gatewayName,
  networkLabel,
  systemNamespace,
  type IstioParts,
} from '../context.ts'
import { caSecret, createMeshRoot, rootAnnotation } from './ca.ts'
import { gatewayPhases } from './gateway-steps.ts'
import { installStep } from './install.ts'
import { remoteSecretStep } from './remote-secrets.ts'
import { renewIstiodStep } from './restart-istiod.ts'
import { renewPodsStep } from './restart-pods.ts'
import { restart } from './restart.ts'

/**
 * Everything that a mesh needs, in order: labelled namespaces, the shared root and the Gateway API, Istio, what the
 * clusters know of each other, gateways where some path enters one.
 */
export function meshPhases(parts: IstioParts): readonly Phase[] {
  const { clusters } = parts
  const turns = new Map(clusters.map((cluster) => [cluster, inTurns()]))
  const turnsOf = (cluster: KindCluster) => turns.get(cluster) ?? inTurns()
  const pairs = clusters.flatMap((of) => clusters.filter((to) => to !== of).map((to) => ({ of, to })))
  const phases: readonly Phase[] = [
    clusters.map((cluster) => namespaceStep(parts, cluster)),
    [caStep(parts), ...clusters.map((cluster) => gatewayApiStep(parts, cluster))],
    clusters.map((cluster) => installStep(parts, cluster)),
    pairs.map(({ of, to }) => remoteSecretStep(parts, of, to, turnsOf(of))),
    pairs.length > 0 ? clusters.map((cluster) => renewIstiodStep(parts, cluster)) : [],
    ...gatewayPhases(parts),
    clusters.map((cluster) => renewPodsStep(parts, cluster)),
  ]
  return phases.filter((phase) => phase.length > 0)
}

interface Labelled {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}

/** The network label is what istiod decides by; istioctl sets it only on a namespace that it creates itself. */
function namespaceStep({ tools }: IstioParts, cluster: KindCluster): KubeStep {
  const { network } = cluster.spec
  const apply = tools.kubectl(cluster, applyArguments, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: systemNamespace, labels: { [networkLabel]: network } },
  })
  const read = tools.kubectl(cluster, ['get', 'namespace', systemNamespace, '-o', 'json'])
  return {
    name: `label ${systemNamespace} of ${cluster.name} with network ${network}`,
    commands: [apply],
    isDone: async (context) => {
      const found = await tools.find<Labelled>(read, context)
      return found?.metadata.labels?.[networkLabel] === network
    },
    run: async (context) => void (await tools.call(apply, context)),
  }
}

/**
 * One root for all clusters. Its key exists only while this step runs, so when one cluster lacks its secret, all get
 * new ones; what already runs with an old root is started anew, as istiod does not change roots while it runs.
 */
function caStep(parts: IstioParts): KubeStep {
  const { tools, clusters } = parts
  const read = (cluster: KindCluster) =>
    tools.kubectl(cluster, ['--namespace', systemNamespace, 'get', 'secret', 'cacerts', '-o', 'json'])
  const apply = (cluster: KindCluster, secret: object) => tools.kubectl(cluster, applyArguments, secret)
  const shown = { 'ca-cert.pem': '', 'ca-key.pem': '', 'root-cert.pem': '', 'cert-chain.pem': '' }
  return {
    name: 'give all clusters CAs of one root',
    // Keys are made in memory when the step runs; a plan shows the form of the secret only.
    commands: clusters.map((cluster) => apply(cluster, caSecret(shown, 'ROOT-FINGERPRINT'))),
    isDone: async (context) => {
      const secrets = await Promise.all(
        clusters.map((cluster) => tools.find<Labelled>(read(cluster), context)),
      )
      const roots = new Set(secrets.map((secret) => secret?.metadata.annotations?.[rootAnnotation]))
      return roots.size === 1 && !roots.has(undefined)
    },
    run: async (context) => {
      const root = await createMeshRoot()
      await Promise.all(
        clusters.map(async (cluster) => {
          const files = await root.intermediate(cluster.name)
          await tools.call(apply(cluster, caSecret(files, root.fingerprint)), context)
          await restartMesh(parts, cluster, context)
        }),
      )
    },
  }
}

/**
 * Starts istiod and then what has certificates of it anew, where they run. What is broken now may come up with the
 * new root, so it is restarted, too, but not waited for: the steps that follow repair it.
 */
async function restartMesh(parts: IstioParts, cluster: KindCluster, context: StepContext): Promise<void> {
  for (const workload of ['deployment/istiod', 'daemonset/ztunnel', `deployment/${gatewayName}`]) {
    await restart(parts, cluster, workload, context)
  }
}

/** Where the CRDs come from: the pinned release, or what the user has (`--gateway-api`: URL, file or folder). */
export function gatewayApiSource({ pins, options }: Pick<IstioParts, 'pins' | 'options'>): string {
  const { gatewayApi } = options
  if (gatewayApi !== undefined) {
    return gatewayApi.includes('://') || isAbsolute(gatewayApi) ? gatewayApi : `./${gatewayApi}`
  }
  return `https://github.com/kubernetes-sigs/gateway-api/releases/download/${pins.gatewayApi}/standard-install.yaml`
}

/** On the CRDs, by their own release. Source: gateway-api `pkg/consts`. */
const bundleAnnotation = 'gateway.networking.k8s.io/bundle-version'

function gatewayApiStep(parts: IstioParts, cluster: KindCluster): KubeStep {
  const { tools, options, pins } = parts
  const apply = tools.kubectl(cluster, [
    ...['apply', '--server-side', '--field-manager', fieldManager],
    ...['--filename', gatewayApiSource(parts)],
  ])
  const read = tools.kubectl(cluster, ['get', 'crd', 'gateways.gateway.networking.k8s.io', '-o', 'json'])
  return {
    name: `install the Gateway API ${options.gatewayApi ?? pins.gatewayApi} into ${cluster.name}`,
    commands: [apply],
    isDone: async (context) => {
      const version = (await tools.find<Labelled>(read, context))?.metadata.annotations?.[bundleAnnotation]
      return options.gatewayApi === undefined ? version === pins.gatewayApi : version !== undefined
    },
    run: async (context) => {
      try {
        await tools.call(apply, { ...context, timeoutMs: 120_000 })
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
