import type { MeshInput, ServiceMesh } from '../kubernetes/mesh.ts'
import { checkStandingStep } from './check/check-steps.ts'
import type { ClusterMeshFacts, MeshFacts } from './check/mesh-facts.ts'
import { meshReadiness } from './check/readiness.ts'
import { istioContext, type IstioContext } from './context.ts'
import { istioComponentOf } from './read/component-of.ts'
import { versionFacts } from './version-facts.ts'
import { versionDisagreements } from './version-warnings.ts'
import { watchMesh } from './watch-mesh.ts'

/** An Istio that the user installed: checked against the scenario and watched, never changed. */
export function existingMesh(input: MeshInput): ServiceMesh {
  const clusterIds = new Map<string, string>()
  const versions = new Map<string, string>()
  const parts: IstioContext = { ...istioContext(input), clusterIds }
  const learn = (standing: readonly ClusterMeshFacts[]) => {
    for (const { name, controlPlane } of standing) {
      if (controlPlane?.clusterId === undefined) continue
      clusterIds.set(name, controlPlane.clusterId)
      versions.set(name, controlPlane.version)
    }
  }
  let facts: Readonly<Record<string, string>> = {}
  let disagreements: readonly string[] = []
  let mesh: MeshFacts | undefined
  const passed = (found: MeshFacts) => void (mesh = found)
  return {
    get engine() {
      return { name: 'istio', version: versionOf(versions) }
    },
    loadBalancer: 'none',
    get facts() {
      return facts
    },
    get disagreements() {
      return disagreements
    },
    images: [],
    phases: [[checkStandingStep(parts, learn)]],
    readiness: (found) => meshReadiness({ ...parts, istio: versionOf(versions) }, found, { passed }),
    watch: async (found, context) => {
      if (!mesh) throw new RangeError('a mesh is watched once it is ready')
      const { kept, watched } = await watchMesh(parts, found, mesh, context)
      disagreements = versionDisagreements({ asked: input.options.istio, standing: versions })
      facts = {
        ...{ ...kept, ztunnelThreads: threadsOf(mesh) },
        ...versionFacts(versionOf(versions), input.plan, disagreements),
      }
      return watched
    },
    componentOf: istioComponentOf,
    stateFiles: () => Promise.resolve([]),
  }
}

function versionOf(versions: ReadonlyMap<string, string>): string {
  return [...new Set(versions.values())].toSorted().join(' and ') || 'unknown'
}

function threadsOf({ clusters }: MeshFacts): string {
  const threads = clusters.flatMap(({ ztunnels }) => (ztunnels ?? []).flatMap((z) => z.threads ?? []))
  return [...new Set(threads)].toSorted((a, b) => a - b).join(' and ') || 'unknown'
}
