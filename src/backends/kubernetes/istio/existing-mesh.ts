import type { StepContext } from '../contract.ts'
import type { Found } from '../found.ts'
import type { MeshInput, MeshPart } from '../mesh-part.ts'
import { collectMeshFacts } from './collect-facts.ts'
import { IstioWatcher } from './evidence.ts'
import { checkGatewayStep, checkMeshStep, checkTogetherStep, type LearnedMesh } from './existing-checks.ts'
import { imagesOfMesh } from './fingerprint.ts'
import type { MeshFacts } from './mesh-facts.ts'
import { meshAddresses } from './mesh-view.ts'
import { istioParts, type IstioParts } from './parts.ts'
import { findPitfalls } from './pitfalls/find-pitfalls.ts'
import { readGateways } from './read-mesh.ts'
import { meshReadiness } from './readiness.ts'

/** An Istio that the user installed: checked against the scenario and watched, never changed. */
export function existingMesh(input: MeshInput): MeshPart {
  const learned: LearnedMesh = { versions: new Map(), clusterIds: new Map() }
  const parts: IstioParts = { ...istioParts(input), clusterIds: learned.clusterIds }
  let facts: Readonly<Record<string, string>> = {}
  const phases = [
    parts.clusters.map((cluster) => checkMeshStep(parts, cluster, learned)),
    parts.clusters.length > 1 ? [checkTogetherStep(parts, learned)] : [],
    parts.gateways.map((cluster) => checkGatewayStep(parts, cluster)),
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
    readiness: (found: Found) => meshReadiness({ ...parts, istio: versionOf(learned) }, found),
    watch: async (found: Found, context: StepContext) => {
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
