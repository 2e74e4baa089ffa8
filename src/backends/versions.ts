import { UsageError } from '../errors.ts'
import { istioVersions, type IstioPins } from './istio-versions.ts'

export { istioVersions, nodeImages, type IstioPins, type NodeImage } from './istio-versions.ts'

/** Runs when the user names none. */
export const defaultIstio = '1.31.0'

/** Stock images; `--agent-image` and `--lb-image` replace them. */
export const agentImage = 'node:20.19.0-bookworm-slim'
export const loadBalancerImage = 'haproxy:3.0.11'

/** Oldest versions of the tools that have every flag hopmeter uses. */
export const minimumTools = { kind: '0.27.0', kubectl: '1.29.0', docker: '20.10.0' } as const

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
