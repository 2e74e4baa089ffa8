import { knownDefects, type KnownDefect } from '../istio-versions.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { compareVersions, istioVersions, versionNumbers } from '../versions.ts'

/** Which defects touch a plan on this Istio, e.g. `1.30.3` or `1.31`. None for what is no version. */
export function defectsFor(istio: string, plan: Pick<Plan, 'paths'>): readonly KnownDefect[] {
  const numbers = versionNumbers(istio)
  if (numbers === undefined) return []
  const touched = touchedBy(plan)
  return knownDefects.filter((defect) => touched.has(defect.touches) && isIn(defect, numbers))
}

/** What Istio itself says of how far the paths of a plan are, and which of its defects touch them; one line each. */
export function versionWarnings(istio: string, plan: Pick<Plan, 'paths'>): readonly string[] {
  const minor = minorOf(istio)
  const pins = istioVersions.find((version) => version.minor === minor)
  const meshed = plan.paths.filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)
  const sameNetwork = meshed.some(
    ({ client, server, rule }) =>
      rule.possible && client.cluster !== server.cluster && rule.protocol === 'HBONE',
  )
  const isGateway = touchedBy(plan).has('gateway')
  const stages = pins && [
    ...(sameNetwork
      ? [`one network across clusters is ${pins.multiCluster.sameNetwork} in Istio ${minor}`]
      : []),
    ...(isGateway && pins.multiCluster.otherNetwork === 'alpha'
      ? [`several networks are ${pins.multiCluster.otherNetwork} in Istio ${minor}`]
      : []),
  ]
  const unknown =
    meshed.length > 0 && !pins
      ? [`nothing is written down of Istio ${istio}: known are ${knownMinors()}`]
      : []
  const defects = defectsFor(istio, plan).map(({ upstream, what }) => `${upstream}: ${what}`)
  return [...unknown, ...(stages ?? []), ...defects]
}

/** The same of several versions: what is known of all once, the rest with the version in front. */
export function warningsOfVersions(
  versions: readonly string[],
  plan: Pick<Plan, 'paths'>,
): readonly string[] {
  const each = [...new Set(versions)].map((version) => ({ version, own: versionWarnings(version, plan) }))
  if (each.length < 2) return each[0]?.own ?? []
  const isOfAll = (text: string) => each.every(({ own }) => own.includes(text))
  return [
    ...each[0]!.own.filter(isOfAll),
    ...each.flatMap(({ version, own }) =>
      own.filter((text) => !isOfAll(text)).map((text) => `${version}: ${text}`),
    ),
  ]
}

function knownMinors(): string {
  return `${istioVersions[0]?.minor} to ${istioVersions.at(-1)?.minor}`
}

function touchedBy({ paths }: Pick<Plan, 'paths'>): ReadonlySet<KnownDefect['touches']> {
  const meshed = paths.filter(({ mesh }) => mesh === 'ambient')
  const isGateway = meshed.some(
    ({ rule }) => rule.possible && rule.components.some(({ kind }) => kind === 'east-west-gateway'),
  )
  const isSeveral = meshed.some(({ client, server }) => client.cluster !== server.cluster)
  return new Set([
    ...(isSeveral ? (['several-clusters'] as const) : []),
    ...(isGateway ? (['gateway'] as const) : []),
  ])
}

function minorOf(version: string): string {
  return (versionNumbers(version) ?? version).split('.').slice(0, 2).join('.')
}

function isIn({ from, fixedIn }: KnownDefect, version: string): boolean {
  const minor = minorOf(version)
  if (compareVersions(minor, from) < 0) return false
  const own = fixedIn.find((fixed) => minorOf(fixed) === minor)
  // A minor alone means its newest release.
  if (own !== undefined) return version.split('.').length > 2 && compareVersions(version, own) < 0
  return !fixedIn.some((fixed) => compareVersions(minor, minorOf(fixed)) > 0)
}

/** What says which Istio this is. */
export interface SaidVersions {
  /** `--istio`, where somebody gave it. */
  readonly asked?: string | undefined
  /** Tag of images, where somebody gave it. */
  readonly tag?: string | undefined
  /** As it says itself; absent where it installs nothing or was not asked. */
  readonly istioctl?: string | undefined
  /** By cluster, as its istiod stands; tags of images where nothing else is known. */
  readonly standing?: ReadonlyMap<string, string> | undefined
}

/** Where two of them say different versions, in words. What is no version (`my-build`) says nothing. */
export function versionDisagreements({ asked, tag, istioctl, standing }: SaidVersions): readonly string[] {
  const differ = (a: string | undefined, b: string | undefined) => {
    const [left, right] = [a, b].map((text) => (text === undefined ? undefined : versionNumbers(text)))
    if (left === undefined || right === undefined) return false
    const common = Math.min(left.split('.').length, right.split('.').length)
    const cut = (text: string) => text.split('.').slice(0, common).join('.')
    return compareVersions(cut(left), cut(right)) !== 0
  }
  const wanted = tag ?? asked
  return [
    ...(differ(asked, tag) ? [`--istio says ${asked}, the images’ tag ${tag}`] : []),
    ...(differ(istioctl, wanted) ? [`istioctl is ${istioctl}, Istio is to be ${wanted}`] : []),
    ...[...(standing ?? [])]
      .filter(([, version]) => differ(version, wanted))
      .map(([cluster, version]) => `istiod of ${cluster} is ${version}, not ${wanted}`),
    ...([...(standing ?? [])].some(([, a]) => [...(standing ?? [])].some(([, b]) => differ(a, b)))
      ? [`clusters run different versions: ${[...(standing ?? [])].map((of) => of.join(' ')).join(', ')}`]
      : []),
  ]
}
