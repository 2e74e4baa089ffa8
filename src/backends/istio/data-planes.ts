import { UsageError } from '../../errors.ts'
import { plural } from '../../plural.ts'
import type { DataPlane, KubernetesOptions } from '../kubernetes/tools/options.ts'
import { namedValue, requireSeveral, type NameRule } from '../named-value.ts'
import { compareVersions, defaultIstio, fullIstioVersion } from '../versions.ts'

/** Versions as the command line names them: one for all, or `NAME=…` for one of several. */
export interface VersionFlags {
  readonly istio?: string | readonly string[] | undefined
  readonly istioHub?: string | readonly string[] | undefined
  readonly istioTag?: string | readonly string[] | undefined
}

type Chosen = Pick<KubernetesOptions, 'istio' | 'istioHub' | 'istioTag' | 'dataPlanes'>

const nameRule: NameRule = {
  noun: 'version',
  pattern: /^[a-z0-9](?:[a-z0-9.-]{0,38}[a-z0-9])?$/,
  allowed: 'up to 40 lower-case letters, digits, and inner dots and dashes',
  most: 8,
  where: 'in one run',
  example: '--istio 1.30.3 --istio 1.31.0, or --istio-tag base=1.31.0 --istio-tag pr=my-build',
}

/**
 * Which Istio is to be installed, and which data planes are measured on it where several were named: a version without
 * a name is called by itself.
 * @throws UsageError for one named version alone, names that clash, and versions that cannot share a control plane.
 */
export function chosenVersions(flags: VersionFlags): Chosen {
  const [istio, hub, tag] = [flags.istio, flags.istioHub, flags.istioTag].map(entriesOf) as [
    Entry[],
    Entry[],
    Entry[],
  ]
  const isOne = istio.length <= 1 && [...istio, ...hub, ...tag].every(({ name }) => name === undefined)
  if (isOne) return single(istio, hub, tag)
  const common = (entries: readonly Entry[]) => entries.findLast(({ name }) => name === undefined)?.value
  const areVersions = istio.length > 1 || istio.some(({ name }) => name !== undefined)
  const named = areVersions
    ? istio.map(({ name, value }) => ({ name: name ?? fullIstioVersion(value), istio: value }))
    : [...new Set([...tag, ...hub].flatMap(({ name }) => name ?? []))].map((name) => ({
        name,
        istio: common(istio) ?? defaultIstio,
      }))
  checkNames(named, [...hub, ...tag])
  const of = (entries: readonly Entry[], variant: string) =>
    entries.findLast(({ name }) => name === variant)?.value ?? common(entries)
  const dataPlanes = named.map((own): DataPlane => ({
    name: own.name,
    istio: fullIstioVersion(own.istio),
    hub: of(hub, own.name),
    tag: of(tag, own.name),
  }))
  checkImages(dataPlanes, common(tag))
  const newest = newestOf(dataPlanes)
  checkApart(dataPlanes, newest)
  return { istio: newest.istio, istioHub: newest.hub, istioTag: newest.tag, dataPlanes }
}

interface Entry {
  readonly name: string | undefined
  readonly value: string
}

function entriesOf(flag: string | readonly string[] = []): Entry[] {
  return [flag].flat().map((text) => namedValue(text))
}

/** What later flags say wins, as of every flag that is no list. */
function single(...[istio, hub, tag]: readonly [Entry[], Entry[], Entry[]]): Chosen {
  return { istio: istio.at(-1)?.value, istioHub: hub.at(-1)?.value, istioTag: tag.at(-1)?.value }
}

function checkNames(named: readonly { readonly name: string }[], others: readonly Entry[]): void {
  const names = named.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new UsageError(`two versions are called "${twice}"`, {
      hint: `give them names: --istio a=${twice} --istio b=${twice}`,
    })
  }
  const unknown = others.find(({ name }) => name !== undefined && !names.includes(name))
  if (unknown) {
    throw new UsageError(`no version is called "${unknown.name}"`, { hint: `there are ${names.join(', ')}` })
  }
  requireSeveral(names, nameRule)
}

function checkImages(dataPlanes: readonly DataPlane[], commonTag: string | undefined): void {
  const areOther = new Set(dataPlanes.map(({ istio }) => istio)).size > 1
  if (commonTag === undefined || !areOther) return
  throw new UsageError(`--istio-tag ${commonTag} would give all versions the same images`, {
    hint: `name the version that it is for: --istio-tag ${dataPlanes[0]?.name}=${commonTag}`,
  })
}

/** The control plane is never older than what it serves; of equals the first that was named. */
function newestOf(dataPlanes: readonly DataPlane[]): DataPlane {
  return dataPlanes.reduce((newest, one) => (isNewer(one.istio, newest.istio) ? one : newest))
}

/** A release is newer than its own candidates. */
function isNewer(a: string, b: string): boolean {
  const numbers = compareVersions(a, b)
  if (numbers !== 0) return numbers > 0
  const [left, right] = [a, b].map((version) => version.replace(/^[\d.]*-?/, ''))
  if (left === '' || right === '') return left === '' && right !== ''
  return left!.localeCompare(right!, 'en', { numeric: true }) > 0
}

/** Istio supports data planes one minor behind their control plane (istio.io, "Upgrade", "Control plane/data plane skew"). */
function checkApart(dataPlanes: readonly DataPlane[], newest: DataPlane): void {
  const minors = (version: string) => version.split('.').map(Number).slice(0, 2) as [number, number]
  const [major, minor] = minors(newest.istio)
  const far = dataPlanes.filter(({ istio }) => {
    const own = minors(istio)
    return own[0] !== major || minor - own[1] > 1
  })
  if (far.length === 0) return
  throw new UsageError(
    `Istio ${far.map(({ istio }) => istio).join(' and ')} cannot be measured beside ${newest.istio}: ` +
      `all share the control plane of ${newest.istio}, and Istio supports ztunnels and gateways that are at most one minor older`,
    {
      hint: `run each pair of neighbours, or each version alone, and show ${plural(2, 'run')} or more with hopmeter matrix`,
    },
  )
}
