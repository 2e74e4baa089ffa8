import { HopmeterError } from '../../../errors.ts'
import type { KubeStep, StepContext } from '../contract.ts'
import type { Found } from '../find-pods.ts'
import type { KindCluster } from '../layout.ts'
import type { MeshInput, MeshPart } from '../mesh-part.ts'
import { IstioWatcher } from './evidence.ts'
import { meshFingerprint } from './fingerprint.ts'
import { meshAddresses } from './mesh-view.ts'
import { readGateways } from './read-mesh.ts'
import { istioParts, networkLabel, systemNamespace, type IstioParts } from './parts.ts'
import { meshReadiness } from './readiness.ts'

/** An Istio that the user installed: checked against the scenario and watched, never changed. */
export function existingMesh(input: MeshInput): MeshPart {
  const parts = istioParts(input)
  const versions = new Map<string, string>()
  let facts: Readonly<Record<string, string>> = {}
  return {
    get engine() {
      return { name: 'istio', version: [...new Set(versions.values())].toSorted().join(' and ') || 'unknown' }
    },
    loadBalancer: 'none',
    get facts() {
      return facts
    },
    images: [],
    phases: [parts.clusters.map((cluster) => checkMeshStep(parts, cluster, versions))],
    readiness: (found: Found) => meshReadiness(parts, found),
    watch: async (found: Found, context: StepContext) => {
      const gateways = await readGateways(parts, context)
      const watcher = await IstioWatcher.start(parts, found, gateways, context)
      facts = await meshFingerprint(parts, context)
      return { watcher, addresses: meshAddresses(found, gateways) }
    },
  }
}

/** Ambient is there, and the cluster has the network label that the scenario says. */
function checkMeshStep({ tools }: IstioParts, cluster: KindCluster, versions: Map<string, string>): KubeStep {
  const namespace = tools.kubectl(cluster, ['get', 'namespace', systemNamespace, '--output', 'json'])
  const workloads = tools.kubectl(cluster, [
    ...['--namespace', systemNamespace, 'get', 'deployments,daemonsets'],
    ...['--selector', 'app in (istiod, ztunnel)', '--output', 'json'],
  ])
  const check = async ({ signal }: StepContext) => {
    const found = await tools.find<NamespaceObject>(namespace, { signal })
    if (!found)
      throw new HopmeterError(
        `cluster "${cluster.name}" has no Istio: there is no namespace ${systemNamespace}`,
      )
    const label = found.metadata.labels?.[networkLabel] ?? ''
    if (label !== cluster.spec.network) {
      throw new HopmeterError(
        `cluster "${cluster.name}" is in network "${label}", the scenario says "${cluster.spec.network}"`,
        { hint: `the label ${networkLabel} of namespace ${systemNamespace} and ztunnel's NETWORK decide it` },
      )
    }
    const { items = [] } = await tools.json<{ readonly items?: readonly WorkloadObject[] }>(workloads, {
      signal,
    })
    const istiod = items.find(({ kind }) => kind === 'Deployment')
    if (!istiod) throw new HopmeterError(`cluster "${cluster.name}" has no istiod of its own`)
    if (!items.some(({ kind }) => kind === 'DaemonSet')) {
      throw new HopmeterError(`cluster "${cluster.name}" has no ztunnel`, {
        hint: 'install the ambient profile',
      })
    }
    const image = istiod.spec.template.spec.containers[0]?.image ?? ''
    versions.set(cluster.name, /:([^:@/]+?)(-distroless)?(@.*)?$/.exec(image)?.[1] ?? 'unknown')
  }
  return {
    name: `check the mesh of ${cluster.name}`,
    commands: [namespace, workloads],
    isDone: async (context) => {
      await check(context)
      return true
    },
    run: check,
  }
}

interface NamespaceObject {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> }
}

interface WorkloadObject {
  readonly kind: string
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
  }
}
