/** What is known of Istio's minor versions. The one place where facts of versions are written down: data only. */

/** What goes together with one minor version of Istio. */
export interface IstioPins {
  /** e.g. `1.31`. */
  readonly minor: string
  /** Patch release that `--istio 1.31` means. */
  readonly release: string
  /** Bundle version of the Gateway API CRDs (istio `go.mod` of that release). */
  readonly gatewayApi: string
  /** Kubernetes minors that this Istio supports, both included (istio.io "Supported releases"; 1.31: code minimum). */
  readonly kubernetes: readonly [number, number]
  readonly nodeImage: NodeImage
  readonly hub: string
  /** What several clusters in one mesh need, and what Istio itself says of them. */
  readonly multiCluster: {
    /** Of istiod. */
    readonly env: Readonly<Record<string, string>>
    readonly sameNetwork: Maturity
    readonly otherNetwork: Maturity
  }
}

/** Istio's own words for how far a feature is. */
type Maturity = 'alpha' | 'beta'

/** A kind node image by digest, with the oldest kind that made it. */
export interface NodeImage {
  readonly image: string
  readonly kubernetes: string
  readonly kind: string
  /** Kubernetes 1.35 and newer start only with cgroup v2. */
  readonly cgroupV2: boolean
}

/** Digests from kind's release pages. */
export const nodeImages = {
  'v1.33.1': {
    image: 'kindest/node:v1.33.1@sha256:050072256b9a903bd914c0b2866828150cb229cea0efe5892e2b644d5dd3b34f',
    kubernetes: '1.33.1',
    kind: '0.29.0',
    cgroupV2: false,
  },
  'v1.34.0': {
    image: 'kindest/node:v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a',
    kubernetes: '1.34.0',
    kind: '0.30.0',
    cgroupV2: false,
  },
  'v1.35.0': {
    image: 'kindest/node:v1.35.0@sha256:452d707d4862f52530247495d180205e029056831160e22870e37e3f6c1ac31f',
    kubernetes: '1.35.0',
    kind: '0.31.0',
    cgroupV2: true,
  },
} as const satisfies Record<string, NodeImage>

/** Docker Hub up to 1.29; Istio's own registry from 1.30 (release note `use-registry-istio-io`). */
const oldHub = 'docker.io/istio'
const newHub = 'registry.istio.io/release'

/**
 * Off by default in every version. Without it no ztunnel knows pods of other clusters, on the same network neither: a
 * call to one is plain TCP (istio `pilot/pkg/features/ambient.go`, ambient index).
 */
const env = { AMBIENT_ENABLE_MULTI_NETWORK: 'true' }

export const istioVersions: readonly IstioPins[] = [
  pins('1.27', '1.27.9', 'v1.3.0', [29, 33], 'v1.33.1', oldHub, 'alpha'),
  pins('1.28', '1.28.10', 'v1.4.1', [30, 34], 'v1.34.0', oldHub, 'alpha'),
  pins('1.29', '1.29.6', 'v1.4.1', [31, 35], 'v1.34.0', oldHub, 'beta'),
  pins('1.30', '1.30.3', 'v1.5.1', [32, 36], 'v1.34.0', newHub, 'beta'),
  pins('1.31', '1.31.0', 'v1.6.0', [32, 36], 'v1.34.0', newHub, 'beta'),
]

function pins(
  minor: string,
  release: string,
  gatewayApi: string,
  kubernetes: readonly [number, number],
  nodeImage: keyof typeof nodeImages,
  hub: string,
  otherNetwork: Maturity,
): IstioPins {
  // istio/istio#61066 tracks how one network across clusters becomes beta.
  const multiCluster = { env, sameNetwork: 'alpha', otherNetwork } as const
  return { minor, release, gatewayApi, kubernetes, nodeImage: nodeImages[nodeImage], hub, multiCluster }
}

/** A defect of Istio's that can make a path wrong, or what is measured on it. */
export interface KnownDefect {
  /** Number at the project, e.g. `istio/istio#58047`. */
  readonly upstream: string
  /** What somebody would see of it. */
  readonly what: string
  /** Oldest minor that has it. */
  readonly from: string
  /** Releases in which it is mended, one per minor; of later minors all are. Empty: none that is known of. */
  readonly fixedIn: readonly string[]
  /** Which meshes it concerns: several clusters, or those with an east-west gateway. */
  readonly touches: 'several-clusters' | 'gateway'
}

/** From release notes and threads of the project; each was looked up there. */
export const knownDefects: readonly KnownDefect[] = [
  {
    upstream: 'istio/istio#58047',
    what: 'a remote cluster that could not be watched once stays unknown until istiod is restarted',
    from: '1.27',
    fixedIn: ['1.28.3', '1.29.0'],
    touches: 'several-clusters',
  },
  {
    upstream: 'istio/istio#60612',
    what: 'istiod may go on with the former content of a remote secret until it is restarted',
    from: '1.27',
    fixedIn: ['1.30.3', '1.31.0'],
    touches: 'several-clusters',
  },
  {
    upstream: 'istio/istio#60033',
    what: 'a cluster whose remote secret was replaced is called synced and served as it was before, gateways included (hopmeter restarts such an istiod)',
    from: '1.27',
    fixedIn: [],
    touches: 'several-clusters',
  },
  {
    upstream: 'istio/istio#58133',
    what: 'waypoints on one network refuse the service address of another cluster (hopmeter’s paths have no waypoint)',
    from: '1.27',
    fixedIn: ['1.30.0'],
    touches: 'several-clusters',
  },
  {
    upstream: 'istio/istio#58039',
    what: 'connections that share an inner tunnel all end at one server behind the gateway',
    from: '1.27',
    fixedIn: [],
    touches: 'gateway',
  },
  {
    upstream: 'istio/istio#57878',
    what: 'sidecars are given the ambient gateway of another network, and fail',
    from: '1.27',
    fixedIn: [],
    touches: 'gateway',
  },
  {
    upstream: 'istio/istio#58337',
    what: 'the gateway path is known to be slow, and nobody has said which component is; that is what hopmeter measures',
    from: '1.27',
    fixedIn: [],
    touches: 'gateway',
  },
]
