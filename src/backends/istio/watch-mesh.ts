import type { StepContext } from '../kubernetes/steps/step.ts'
import type { PodInventory } from '../kubernetes/workloads/pod-inventory.ts'
import type { MeshFacts } from './check/mesh-facts.ts'
import { findPitfalls } from './check/pitfalls/find-pitfalls.ts'
import type { IstioContext } from './context.ts'
import { meshAddresses } from './prove/mesh-view.ts'
import { IstioWatcher } from './prove/watcher.ts'
import { imagesOfMesh } from './read/images.ts'
import { readGateways } from './read/read-mesh.ts'

/** Starts to watch a mesh that is ready, whoever made it, and looks once at what a result keeps of it. */
export async function watchMesh(
  istio: IstioContext,
  found: PodInventory,
  mesh: MeshFacts,
  context: StepContext,
) {
  const gateways = await readGateways(istio, context)
  const watcher = await IstioWatcher.start(istio, found, gateways, context)
  const images = await imagesOfMesh(istio, context)
  const notes = findPitfalls(mesh).map(({ message }) => message)
  return {
    kept: { ...images, ...(notes.length > 0 ? { meshNotes: notes.join('; ') } : {}) },
    watched: { watcher, addresses: meshAddresses(found, gateways) },
  }
}
