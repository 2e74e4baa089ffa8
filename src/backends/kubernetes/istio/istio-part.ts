import type { Readiness, StepContext } from '../contract.ts'
import type { Found } from '../found.ts'
import type { MeshInput, MeshPart } from '../mesh-part.ts'
import { collectMeshFacts } from './collect-facts.ts'
import { IstioWatcher } from './evidence.ts'
import { meshFingerprint } from './fingerprint.ts'
import { meshPhases } from './mesh-steps.ts'
import { meshAddresses } from './mesh-view.ts'
import { istioImages, istioParts } from './parts.ts'
import { findPitfalls } from './pitfalls/find-pitfalls.ts'
import { readGateways } from './read-mesh.ts'
import { hasProxy, meshReadiness } from './readiness.ts'
import { meshStateFiles } from './state-files.ts'

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
