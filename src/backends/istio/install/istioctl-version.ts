import { compareVersions, versionNumbers } from '../../versions.ts'

/** How istioctl fits the Istio that it is to install: charts are part of it, so another version installs another one. */
export type IstioctlFit = 'same' | 'unknown' | 'other'

/**
 * Compares what istioctl says with the version that is wanted. What distributions add says nothing about the charts
 * (`1.31.0+dist1`); a version that stops earlier (`1.31-dev`) or is none (`unknown`) may be the wanted one.
 */
export function istioctlFit(said: string, wanted: string): IstioctlFit {
  const own = said.replace(/[+~].*$/, '')
  if (own === wanted) return 'same'
  const numbers = versionNumbers(own)
  if (numbers === undefined) return 'unknown'
  const [found, asked] = [numbers, versionNumbers(wanted) ?? wanted].map((text) => text.split('.'))
  const common = Math.min(found!.length, asked!.length)
  if (compareVersions(found!.slice(0, common).join('.'), asked!.slice(0, common).join('.')) !== 0)
    return 'other'
  // Pre-releases come before the release that they are named after; other words are somebody's own build of it.
  if (common === 3 && (isPreRelease(own) || isPreRelease(wanted))) return 'other'
  return 'unknown'
}

/** For people: what is not known, or undefined. */
export function istioctlDoubt(said: string, wanted: string): string | undefined {
  if (istioctlFit(said, wanted) !== 'unknown') return undefined
  return `istioctl says its version is "${said}": not known whether its charts are those of Istio ${wanted}`
}

function isPreRelease(version: string): boolean {
  return /-(alpha|beta|rc)\b/.test(version)
}
