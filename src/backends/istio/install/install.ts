import { createHash } from 'node:crypto'
import { UsageError } from '../../../errors.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { envOf, isRolledOut, type KubeObject, type Rollout } from '../../kubernetes/cluster/objects.ts'
import type { KubeStep } from '../../kubernetes/steps/step.ts'
import { imageVariant, type IstioContext } from '../context.ts'
import { systemNamespace } from '../../../plan/names.ts'
import { watchPods } from './pod-watch.ts'

export const meshId = 'hopmeter'
/** Equal in every version, so that versions compare (1.31 would derive it from CPUs). */
export const ztunnelThreads = 2
/** On the system namespace: digest of what was installed; written last, so a half installation has none. */
export const installAnnotation = 'hopmeter.dev/istio-install'
/** Per component that istioctl waits for. */
const readinessTimeout = '5m'
const installTimeoutMs = 20 * 60_000

/** Requests that fit several clusters on a laptop; they limit nothing. */
const trimmed = {
  pilot: { requests: { cpu: '50m', memory: '128Mi' } },
  ztunnel: { requests: { cpu: '50m', memory: '64Mi' } },
  cni: { requests: { cpu: '20m', memory: '40Mi' } },
}

/**
 * The IstioOperator of one cluster: ambient profile, multi-cluster on, the cluster's name and network for istiod and
 * ztunnel alike. Source: istio.io "Install ambient multicluster", manifests/charts of 1.27 to 1.31.
 */
export function istioOperator(istio: IstioContext, cluster: Cluster, env = istiodEnv()): object {
  const { name } = cluster
  const { network } = cluster.spec
  const isTrimmed = istio.options.resources !== 'default'
  const pilotEnv = { ...istio.pins.multiCluster.env, ...env }
  return {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      profile: 'ambient',
      hub: istio.hub,
      tag: istio.tag,
      components: {
        pilot: {
          k8s: {
            env: Object.entries(pilotEnv).map(([key, value]) => ({ name: key, value })),
            ...(isTrimmed ? { resources: trimmed.pilot } : {}),
            hpaSpec: { minReplicas: 1, maxReplicas: 1 },
          },
        },
      },
      values: {
        global: { meshID: meshId, network, multiCluster: { clusterName: name }, variant: imageVariant },
        ztunnel: {
          network,
          multiCluster: { clusterName: name },
          env: { ZTUNNEL_WORKER_THREADS: String(ztunnelThreads) },
          ...(isTrimmed ? { resources: trimmed.ztunnel } : {}),
        },
        ...(isTrimmed ? { cni: { resources: trimmed.cni } } : {}),
      },
    },
  }
}

/**
 * Further environment of istiod from `HOPMETER_ISTIOD_ENV` (`KEY=VALUE`, several separated by commas), for
 * contributors' own images. @throws UsageError when it is not of that form.
 */
export function istiodEnv(text = process.env['HOPMETER_ISTIOD_ENV'] ?? ''): Readonly<Record<string, string>> {
  const entries = text.split(',').filter((entry) => entry.trim() !== '')
  return Object.fromEntries(
    entries.map((entry) => {
      const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*\S.*)$/.exec(entry)
      if (!match) {
        throw new UsageError(`HOPMETER_ISTIOD_ENV: "${entry}" is not KEY=VALUE`, {
          hint: 'several are separated by commas: HOPMETER_ISTIOD_ENV=A=1,B=2',
        })
      }
      return [match[1], match[2]]
    }),
  )
}

/** Arguments of `istioctl`; the operator comes on standard input. */
export function installArguments(istio: IstioContext): readonly string[] {
  const set = (istio.options.istioSet ?? []).flatMap((entry) => ['--set', entry])
  return [
    'install',
    '--skip-confirmation',
    '--readiness-timeout',
    readinessTimeout,
    '--filename',
    '-',
    ...set,
  ]
}

/** Installs Istio into one cluster, or changes what is installed to what is wanted. */
export function installStep(istio: IstioContext, cluster: Cluster): KubeStep {
  const operator = istioOperator(istio, cluster)
  const install = cluster.istioctl(installArguments(istio), operator)
  const digest = createHash('sha256')
    .update(JSON.stringify([operator, istio.options.istioSet ?? []]))
    .digest('hex')
    .slice(0, 16)
  const stamp = cluster.kubectl([
    ...['annotate', 'namespace', systemNamespace, '--overwrite'],
    `${installAnnotation}=${digest}`,
  ])
  const workloads = ['deployment/istiod', 'daemonset/ztunnel', 'daemonset/istio-cni-node']
  const inSystem = { namespace: systemNamespace }
  return {
    name: `install Istio ${istio.istio} into ${cluster.name}`,
    commands: [install, stamp],
    isDone: async (context) => {
      const namespace = await cluster.find<KubeObject>(['namespace', systemNamespace], {}, context)
      if (namespace?.metadata.annotations?.[installAnnotation] !== digest) return false
      const list = await cluster.find<{ items?: readonly Rollout[] }>(workloads, inSystem, context)
      return (
        list?.items?.length === 3 &&
        list.items.every((item) => isRolledOut(item) && isInNetwork(item, cluster.spec.network))
      )
    },
    run: async (context) => {
      const done = new AbortController()
      const signal = AbortSignal.any([context.signal, done.signal])
      const installing = cluster.call(install, { signal, timeoutMs: installTimeoutMs })
      const watch = watchPods(cluster, { ...context, signal })
      try {
        await Promise.race([installing, watch])
      } finally {
        done.abort()
        await Promise.allSettled([installing, watch])
      }
      await cluster.call(stamp, context)
    },
  }
}

/** Somebody may have changed ztunnel's `NETWORK`; istiod and istio-cni have none. */
function isInNetwork(rollout: Rollout, network: string): boolean {
  return rollout.metadata.name !== 'ztunnel' || (envOf(rollout, 'NETWORK') ?? network) === network
}
