import type { MeshInput, ServiceMesh } from '../kubernetes/mesh.ts'
import type { StepContext } from '../kubernetes/steps/step.ts'
import type { PodInventory } from '../kubernetes/workloads/pod-inventory.ts'
import { collectMeshFacts } from './check/collect-facts.ts'
import {
  checkGatewayStep,
  checkMeshStep,
  checkTogetherStep,
  type LearnedMesh,
} from './check/existing-checks.ts'
import type { MeshFacts } from './check/mesh-facts.ts'
import { findPitfalls } from './check/pitfalls/find-pitfalls.ts'
import { meshReadiness } from './check/readiness.ts'
import { istioContext, type IstioContext } from './context.ts'
import { meshAddresses } from './prove/mesh-view.ts'
import { IstioWatcher } from './prove/watcher.ts'
import { istioComponentOf } from './read/component-of.ts'
import { imagesOfMesh } from './read/images.ts'
import { readGateways } from './read/read-mesh.ts'

/** An Istio that the user installed: checked against the scenario and watched, never changed. */
export function existingMesh(input: MeshInput): ServiceMesh {
  const learned: LearnedMesh = { versions: new Map(), clusterIds: new Map() }
  const parts: IstioContext = { ...istioContext(input), clusterIds: learned.clusterIds }
  let facts: Readonly<Record<string, string>> = {}
  const phases = [
    parts.clusters.map((cluster) => checkMeshStep(parts, cluster, learned)),
    parts.clusters.length > 1 ? [checkTogetherStep(parts, learned)] : [],
    parts.gateways.map((cluster) => checkGatewayStep(cluster)),
  ]
  return {
    get engine() {
      return { name: 'istio', version: versionOf(learned) }
    },
    loadBalancer: 'none',
    get facts() {
      return facts
    },
    images: [],
    phases: phases.filter((phase) => phase.length > 0),
    readiness: (found: PodInventory) => meshReadiness({ ...parts, istio: versionOf(learned) }, found),
    watch: async (found: PodInventory, context: StepContext) => {
      const gateways = await readGateways(parts, context)
      const watcher = await IstioWatcher.start(parts, found, gateways, context)
      const [images, mesh] = await Promise.all([
        imagesOfMesh(parts, context),
        collectMeshFacts(parts, found, context),
      ])
      const notes = findPitfalls(mesh).map(({ message }) => message)
      facts = {
        ...images,
        ztunnelThreads: threadsOf(mesh),
        ...(notes.length > 0 ? { meshNotes: notes.join('; ') } : {}),
      }
      return { watcher, addresses: meshAddresses(found, gateways) }
    },
    componentOf: istioComponentOf,
    stateFiles: () => Promise.resolve([]),
  }
}

function versionOf({ versions }: LearnedMesh): string {
  return [...new Set(versions.values())].toSorted().join(' and ') || 'unknown'
}

function threadsOf({ clusters }: MeshFacts): string {
  const threads = clusters.flatMap(({ ztunnels }) => (ztunnels ?? []).flatMap((z) => z.threads ?? []))
  return [...new Set(threads)].toSorted((a, b) => a - b).join(' and ') || 'unknown'
}
