import { UsageError } from '../errors.ts'

/** What goes together with one minor version of Istio. The one place where versions are written down. */
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
}

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

export const istioVersions: readonly IstioPins[] = [
  pins('1.27', '1.27.9', 'v1.3.0', [29, 33], 'v1.33.1', oldHub),
  pins('1.28', '1.28.10', 'v1.4.1', [30, 34], 'v1.34.0', oldHub),
  pins('1.29', '1.29.6', 'v1.4.1', [31, 35], 'v1.34.0', oldHub),
  pins('1.30', '1.30.3', 'v1.5.1', [32, 36], 'v1.34.0', newHub),
  pins('1.31', '1.31.0', 'v1.6.0', [32, 36], 'v1.34.0', newHub),
]

/** Runs when the user names none. */
export const defaultIstio = '1.31.0'

/** Stock images; `--agent-image` and `--lb-image` replace them. */
export const agentImage = 'node:20.19.0-bookworm-slim'
export const loadBalancerImage = 'haproxy:3.0.11'

/** Oldest versions of the tools that have every flag hopmeter uses. */
export const minimumTools = { kind: '0.27.0', kubectl: '1.29.0', docker: '20.10.0' } as const

function pins(
  minor: string,
  release: string,
  gatewayApi: string,
  kubernetes: readonly [number, number],
  nodeImage: keyof typeof nodeImages,
  hub: string,
): IstioPins {
  return { minor, release, gatewayApi, kubernetes, nodeImage: nodeImages[nodeImage], hub }
}

/**
 * Pins of an Istio version such as `1.31.0`, `1.31.0-rc.0` or `1.31`.
 * @throws UsageError when hopmeter does not know that minor version.
 */
export function pinsFor(istio: string): IstioPins {
  const minor = /^(\d+\.\d+)(\.\d+)?(-[\w.]+)?$/.exec(istio)?.[1]
  const found = istioVersions.find((version) => version.minor === minor)
  if (found) return found
  const known = istioVersions.map((version) => version.minor).join(', ')
  throw new UsageError(`hopmeter has no pins for Istio ${istio}`, { hint: `it knows ${known}` })
}

/** `1.31` becomes its pinned patch release; a full version stays as it is. @throws UsageError for unknown ones. */
export function fullIstioVersion(istio: string): string {
  const found = pinsFor(istio)
  return istio === found.minor ? found.release : istio
}

/** Minor of a Kubernetes version, e.g. 34 for `v1.34.0`; undefined when it is none. */
export function kubernetesMinor(version: string): number | undefined {
  const minor = /^v?1\.(\d+)/.exec(version)?.[1]
  return minor === undefined ? undefined : Number(minor)
}

/** What is wrong with running this Istio on this Kubernetes, or undefined. */
export function kubernetesProblem(istio: string, kubernetes: string): string | undefined {
  const minor = kubernetesMinor(kubernetes)
  if (minor === undefined) return undefined
  const { kubernetes: range } = pinsFor(istio)
  if (minor >= range[0] && minor <= range[1]) return undefined
  return `Istio ${istio} supports Kubernetes 1.${range[0]} to 1.${range[1]}, this is ${kubernetes}`
}

/**
 * The numbers of a version as programs and distributions write it (`v0.30.0-alpha`, `5:20.10.24+dfsg1-1`, `1.31-dev`);
 * undefined for what has none: `dev`, `unknown`, a commit, or the zeros of a build that nobody gave a version.
 */
export function versionNumbers(text: string): string | undefined {
  const numbers = /^(?:\d+:)?v?(\d+(?:\.\d+)+)(?![\da-z])/i.exec(text.trim())?.[1]
  return numbers === undefined || /^[0.]+$/.test(numbers) ? undefined : numbers
}

/** Compares dotted versions number by number: negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const parts = (text: string) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number)
  const [left, right] = [parts(a), parts(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
