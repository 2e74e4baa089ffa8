import type { MeshLabels } from '../kubernetes/workloads/workload-manifests.ts'

/** What Istio goes by. */
export const istioLabels: MeshLabels = {
  membership: (mesh) => ({ 'istio.io/dataplane-mode': mesh }),
  // istiod merges copies of one name that clusters share.
  shared: { 'istio.io/global': 'true' },
}
