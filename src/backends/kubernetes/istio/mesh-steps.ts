import { inTurns, type InTurns } from '../in-turns.ts'
import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { CommandError, EnvironmentError } from '../../../errors.ts'
import type { KubeStep, Phase, StepContext } from '../contract.ts'
import type { KindCluster } from '../layout.ts'
import { caSecret, createMeshRoot, rootAnnotation } from './ca.ts'
import { gatewayPhases } from './gateway-steps.ts'
import { installStep, isRolledOut, type Rollout } from './install.ts'
import { renewPodsStep } from './renew-pods.ts'
import { fieldManager, gatewayName, networkLabel, systemNamespace, type IstioParts } from './parts.ts'

const rolloutTimeoutMs = 300_000

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

const applyArguments = [
  ...['apply', '--server-side', '--force-conflicts'],
  ...['--field-manager', fieldManager, '--filename', '-'],
]

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
async function restartMesh({ tools }: IstioParts, cluster: KindCluster, context: StepContext): Promise<void> {
  const inSystem = ['--namespace', systemNamespace]
  for (const workload of ['deployment/istiod', 'daemonset/ztunnel', `deployment/${gatewayName}`]) {
    const found = await tools.find<Rollout>(
      tools.kubectl(cluster, [...inSystem, 'get', workload, '-o', 'json']),
      context,
    )
    if (!found) continue
    await tools.call(tools.kubectl(cluster, [...inSystem, 'rollout', 'restart', workload]), context)
    if (!isRolledOut(found)) continue
    context.progress(`wait for ${workload} of ${cluster.name} to run anew`)
    const wait = [...inSystem, 'rollout', 'status', workload, '--timeout', `${rolloutTimeoutMs / 1000}s`]
    await tools.call(tools.kubectl(cluster, wait), { ...context, timeoutMs: rolloutTimeoutMs })
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

interface SecretObject {
  readonly data?: Readonly<Record<string, string>>
}

/**
 * Lets the istiod of `to` read the API of `of`, by the address that its node has on the network between the nodes:
 * the kubeconfig of the user's side names 127.0.0.1, which inside of a pod is the pod.
 * @param inTurn of all steps for `of`: two `istioctl create-remote-secret` for one cluster both find that its token is
 * missing, and the second fails because the first has made it.
 */
function remoteSecretStep(
  { tools, facts }: IstioParts,
  of: KindCluster,
  to: KindCluster,
  inTurn: InTurns,
): KubeStep {
  const create = (address: string) =>
    tools.istioctl(of, ['create-remote-secret', '--name', of.name, '--server', `https://${address}:6443`])
  const apply = (secret: string) => tools.kubectl(to, applyArguments, secret)
  const server = async (context: StepContext) => (await facts.of(of, context)).nodes[0]?.address ?? ''
  const read = tools.kubectl(to, [
    ...['--namespace', systemNamespace, 'get', 'secret', `istio-remote-secret-${of.name}`, '-o', 'json'],
  ])
  return {
    name: `let ${to.name} see ${of.name}`,
    commands: [create('ADDRESS-OF-CONTROL-PLANE'), apply('OUTPUT-OF-THE-COMMAND-BEFORE')],
    isDone: async (context) => {
      const secret = await tools.find<SecretObject>(read, context)
      const encoded = secret?.data?.[of.name]
      const isOfThisCluster = sameAuthority(encoded, of.kubeconfig)
      return isOfThisCluster && remoteServer(encoded) === `https://${await server(context)}:6443`
    },
    run: async (context) => {
      const command = create(await server(context))
      const secret = await inTurn(() =>
        askOnceMore(() => tools.call(command, { ...context, timeoutMs: 120_000 })),
      )
      await tools.call(apply(secret), context)
    },
  }
}

/** Who else asks for a token, such as an `up` that was interrupted, may make it between our look and our creation. */
async function askOnceMore(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof CommandError && error.output.includes('already exists')) return await ask()
    throw error
  }
}

/**
 * Whether a remote secret trusts the API that our kubeconfig trusts. A cluster that was made again can have the address
 * of the former one, but never its authority; then the secret opens nothing any more.
 */
function sameAuthority(encoded: string | undefined, kubeconfig: string): boolean {
  const authority = (text: string) =>
    /^\s*"?certificate-authority-data"?:\s*"?([A-Za-z0-9+/=]+)/m.exec(text)?.[1]
  if (encoded === undefined) return false
  const own = existsSync(kubeconfig) ? authority(readFileSync(kubeconfig, 'utf8')) : undefined
  const theirs = authority(Buffer.from(encoded, 'base64').toString())
  return own === undefined || theirs === undefined || own === theirs
}

/** API server in a remote secret's kubeconfig (base64), or undefined when there is none. */
export function remoteServer(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined
  return /^\s*server:\s*["']?([^\s"']+)/m.exec(Buffer.from(encoded, 'base64').toString())?.[1]
}
