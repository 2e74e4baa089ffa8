import type { MeshInput, MeshPart } from '../kubernetes/mesh.ts'
import type { Readiness, StepContext } from '../kubernetes/steps/step.ts'
import type { Found } from '../kubernetes/workloads/pod-inventory.ts'
import { collectMeshFacts } from './check/collect-facts.ts'
import { findPitfalls } from './check/pitfalls/find-pitfalls.ts'
import { hasProxy, meshReadiness } from './check/readiness.ts'
import { istioImages, istioParts } from './context.ts'
import { meshPhases } from './install/mesh-steps.ts'
import { meshAddresses } from './prove/mesh-view.ts'
import { IstioWatcher } from './prove/watcher.ts'
import { meshFingerprint } from './read/fingerprint.ts'
import { readGateways } from './read/read-mesh.ts'
import { meshStateFiles } from './read/state-files.ts'

/**
 * Istio ambient on the clusters of a testbed: installation and gateways as phases, the states that its paths need, and
 * a watcher that tells what ztunnels, gateways and load balancers saw as the same flows that the lab's components tell.
 * `facts` is complete once `watch` has returned.
 * @throws UsageError for an Istio version without pins or a malformed HOPMETER_ISTIOD_ENV.
 */
export function istioPart(input: MeshInput): MeshPart {
  const parts = istioParts(input)
  let facts: Readonly<Record<string, string>> = {}
  return {
    engine: { name: 'istio', version: parts.tag },
    loadBalancer: hasProxy(parts) ? `haproxy (${parts.loadBalancerImage})` : 'none',
    get facts() {
      return facts
    },
    images: istioImages(parts),
    phases: meshPhases(parts),
    readiness: (found: Found): readonly Readiness[] => meshReadiness(parts, found),
    watch: async (found: Found, context: StepContext) => {
      const gateways = await readGateways(parts, context)
      const watcher = await IstioWatcher.start(parts, found, gateways, context)
      const [fingerprint, meshFacts] = await Promise.all([
        meshFingerprint(parts, context),
        collectMeshFacts(parts, found, context, { hasProbed: true }),
      ])
      const notes = findPitfalls(meshFacts).map(({ message }) => message)
      facts = { ...fingerprint, ...(notes.length > 0 ? { meshNotes: notes.join('; ') } : {}) }
      return { watcher, addresses: meshAddresses(found, gateways) }
    },
    stateFiles: (cluster, context) => meshStateFiles(parts, cluster, context),
  }
}
