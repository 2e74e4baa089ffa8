import type { VariantOfTestbed } from '../backend.ts'
import type { MeshInput, ServiceMesh } from '../kubernetes/mesh.ts'
import { checkBeforeInstallStep } from './check/check-steps.ts'
import type { MeshFacts } from './check/mesh-facts.ts'
import { meshReadiness } from './check/readiness.ts'
import {
  imagesOfDataPlane,
  istioContext,
  istioImages,
  tagOfDataPlane,
  type IstioContext,
  type OwnClusters,
} from './context.ts'
import { caKeyType } from './install/ca.ts'
import { gatewayApiFacts } from './install/gateway-api-facts.ts'
import { ztunnelThreads } from './install/install.ts'
import { meshPhases } from './install/mesh-steps.ts'
import { putDataPlaneBack, restartDataPlane } from './install/restart-data-plane.ts'
import { istioComponentOf } from './read/component-of.ts'
import { meshStateFiles } from './read/state-files.ts'
import { standingVersions, versionFacts } from './version-facts.ts'
import { versionDisagreements } from './version-warnings.ts'
import { watchMesh } from './watch-mesh.ts'

/**
 * Istio ambient on the clusters of a testbed: installation and gateways as phases, the states that its paths need, and
 * a watcher that tells what ztunnels, gateways and load balancers saw as the same flows that the lab's components tell.
 * `facts` is complete once `watch` has returned.
 * @throws UsageError for an Istio version without pins or a malformed HOPMETER_ISTIOD_ENV.
 */
export function ownMesh({ loadBalancer, host, ...input }: MeshInput & OwnClusters): ServiceMesh {
  const parts = istioContext(input, { loadBalancer, host })
  const labels = [...parts.loadBalancers.values()].flatMap(({ label }) => label ?? [])
  let facts: Readonly<Record<string, string>> = {}
  let disagreements: readonly string[] = []
  let mesh: MeshFacts | undefined
  const passed = (found: MeshFacts) => void (mesh = found)
  const loadBalancerLabel = [...new Set(labels)].join(' and ') || 'none'
  const variants = input.options.dataPlanes?.map((own): VariantOfTestbed => ({
    ...{ name: own.name, engine: { name: 'istio', version: tagOfDataPlane(own) } },
    ...{ loadBalancer: loadBalancerLabel, facts: {} },
  }))
  return {
    engine: variants?.[0]?.engine ?? { name: 'istio', version: parts.tag },
    variants,
    loadBalancer: loadBalancerLabel,
    get facts() {
      return facts
    },
    get disagreements() {
      return disagreements
    },
    images: istioImages(parts),
    phases: [[checkBeforeInstallStep(parts)], ...meshPhases(parts)],
    readiness: (found) => meshReadiness(parts, found, { before: mesh, passed }),
    watch: async (found, context) => {
      if (!mesh) throw new RangeError('a mesh is watched once it is ready')
      const { kept, watched } = await watchMesh(parts, found, mesh, context)
      const standing = standingVersions(mesh)
      disagreements = versionDisagreements({ asked: input.options.istio, tag: parts.tag, standing })
      facts = {
        ...{ ...kept, ...settings(parts), ...gatewayApiFacts(parts) },
        ...versionFacts(parts.istio, input.plan, disagreements),
        ...switchFacts(parts),
      }
      return watched
    },
    get startFacts() {
      const { ztunnel, gateway } = facts
      return { ...(ztunnel === undefined ? {} : { ztunnel }), ...(gateway === undefined ? {} : { gateway }) }
    },
    restart: (context, variant) =>
      restartDataPlane(parts, context, variant === undefined ? undefined : imagesOfDataPlane(parts, variant)),
    putBack: (context) => putDataPlaneBack(parts, context),
    componentOf: istioComponentOf,
    stateFiles: (cluster, context) => meshStateFiles(parts, cluster, context),
  }
}

/** Which way several versions were measured. */
function switchFacts({ istio, tag, options }: IstioContext): Readonly<Record<string, string>> {
  if (options.dataPlanes === undefined) return {}
  const controlPlane = tag === istio ? istio : `${istio} (${tag})`
  return { versions: `data plane switched in place; istiod and istio-cni ${controlPlane} throughout` }
}

/** What the result keeps of how the mesh was made. */
function settings({ options }: IstioContext): Readonly<Record<string, string>> {
  return {
    ztunnelThreads: String(ztunnelThreads),
    caKeyType,
    // ztunnel and istiod offer nothing else: istio `security/pkg/pki/util`, ztunnel `src/tls/csr.rs`.
    workloadKeyType: 'ECDSA P-256',
    istioResources: options.resources ?? 'trimmed',
  }
}
