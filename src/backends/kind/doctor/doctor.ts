import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Scenario } from '../../../scenario/types.ts'
import type { DoctorReport } from '../../backend.ts'
import { cachedPrograms } from '../../istio/install/cached-tools.ts'
import { istioctlDoubt, istioctlFit } from '../../istio/install/istioctl-version.ts'
import { Session } from '../../kubernetes/session/session.ts'
import { versionDisagreements, versionWarnings } from '../../istio/version-warnings.ts'
import { checkTool, failedCheck, type Check, type ToolCheck } from '../../kubernetes/tools/check-tool.ts'
import { createToolbox } from '../../kubernetes/tools/create-toolbox.ts'
import { stateFolder } from '../../kubernetes/tools/folders.ts'
import type { KubernetesOptions } from '../../kubernetes/tools/options.ts'
import { toolRemedies } from '../../kubernetes/tools/tool-versions.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { planScenario } from '../../../plan/plan-scenario.ts'
import {
  compareVersions,
  defaultIstio,
  fullIstioVersion,
  kubernetesProblem,
  pinsFor,
  versionNumbers,
} from '../../versions.ts'
import { cgroupProblem, cgroupRemedy } from '../cluster/cgroup-version.ts'
import { providerProblem, providerRemedy } from '../cluster/provider.ts'
import { thawAfterCrash } from '../quiet/thaw.ts'
import { checkSupported } from '../supported.ts'
import { estimateInotifyInstances, estimateMemoryMiB, needsMesh } from './estimates.ts'
import { privilegedChecks } from './privileged.ts'

const inotifyFolder = '/proc/sys/fs/inotify'
/** kind's own advice for several clusters on one machine. */
const inotifyMinimum = { max_user_instances: 512, max_user_watches: 524_288 } as const
const thawTimeoutMs = 60_000

interface DockerInfo {
  /** What the client says when no daemon answers it. */
  readonly ServerErrors?: readonly string[]
  readonly CgroupVersion?: string
  readonly MemTotal?: number
  readonly NCPU?: number
}

/** Finds out what this machine has for kind testbeds, without making any. Never throws. */
export async function kindDoctor(
  scenarios: readonly Scenario[] = [],
  options: KubernetesOptions = {},
  limits: InotifyLimits = readInotifyLimits(),
): Promise<DoctorReport> {
  const istio = options.istio ?? defaultIstio
  let tools: Toolbox
  try {
    tools = createToolbox(options, { programs: cachedPrograms({ ...options, istio }) })
  } catch (error) {
    return { ok: false, checks: [failedCheck('istioctl', error)], scenarios: [] }
  }
  const [docker, kind, kubectl, istioctl] = await Promise.all([
    checkTool(tools, 'docker'),
    checkTool(tools, 'kind'),
    checkTool(tools, 'kubectl'),
    istioctlCheck(tools, istio, options),
  ])
  const thawed = docker.version === undefined ? [] : await thawSessions(tools, options)
  const info = docker.version === undefined ? undefined : await dockerInfo(tools)
  const image = options.nodeImage ?? pinsFor(istio).nodeImage.image
  const own = [
    kindForImage(kind, istio, options),
    ...providerChecks(),
    cgroupCheck(info, image),
    ...(info === undefined ? [] : await privilegedChecks(tools, image)),
    ...inotifyChecks(limits),
  ]
  const machine: Check[] = info
    ? [
        {
          name: 'memory',
          ok: true,
          detail: `${info.MemTotal ? gib(info.MemTotal) : 'an unknown number of'} GiB for containers, ${info.NCPU || '?'} CPUs`,
        },
      ]
    : []
  const always = [docker.check, kubectl.check, ...own]
  const abilities = scenarios.map((scenario) => ({
    name: scenario.name,
    ...ability(scenario, { istioctl, totalBytes: info?.MemTotal || undefined, limits, always }),
  }))
  return {
    // A machine on which none of them can run cannot run this backend, however well its programs are.
    ok: always.every(({ ok }) => ok) && (abilities.length === 0 || abilities.some(({ ok }) => ok)),
    checks: [
      ...always,
      ...(scenarios.length > 0 && !scenarios.some(needsMesh) ? [] : [istioctl]),
      ...machine,
      ...thawed,
      ...versionsOf(istio, options).flatMap((version) => versionChecks(version, scenarios)),
    ],
    scenarios: abilities,
  }
}

/** Advice: what Istio itself says of this version, where it touches paths of some scenario. */
/** Every version that a run would measure. */
function versionsOf(istio: string, { dataPlanes }: KubernetesOptions): readonly string[] {
  return [...new Set(dataPlanes?.map((own) => own.istio) ?? [istio])]
}

function versionChecks(istio: string, scenarios: readonly Scenario[]): readonly Check[] {
  const warnings = scenarios.flatMap((scenario) => versionWarnings(istio, planScenario(scenario)))
  return [...new Set(warnings)].map((detail) => ({
    name: `istio ${fullIstioVersion(istio)}`,
    ok: true,
    detail,
  }))
}

/** Clusters that a crash left frozen run again; those of a hopmeter that is at work are its own. */
async function thawSessions(tools: Toolbox, options: KubernetesOptions): Promise<readonly Check[]> {
  const name = 'frozen clusters'
  const root = stateFolder(options.stateRoot)
  const checks: Check[] = []
  for (const of of Session.names(root)) {
    try {
      const session = Session.find(root, of)
      if (session?.state.frozen !== true || session.holder() !== undefined) continue
      const end = session.lease()
      const context = { signal: AbortSignal.timeout(thawTimeoutMs), progress: () => {} }
      await thawAfterCrash(tools, session, context).finally(end)
      checks.push({ name, ok: true, detail: `${of} was left frozen and runs again` })
    } catch (error) {
      checks.push({ ...failedCheck(name, error), remedy: `hopmeter down ${of}` })
    }
  }
  return checks
}

function ability(
  scenario: Scenario,
  machine: {
    readonly istioctl: Check
    readonly totalBytes: number | undefined
    readonly limits: InotifyLimits
    readonly always: readonly Check[]
  },
): { readonly ok: boolean; readonly reason?: string } {
  const reasons: string[] = machine.always
    .filter(({ ok }) => !ok)
    .map(({ name, detail }) => `${name}: ${detail}`)
  const hasMesh = needsMesh(scenario)
  try {
    checkSupported(planScenario(scenario))
  } catch (error) {
    reasons.push(error instanceof Error ? error.message : String(error))
  }
  if (hasMesh && !machine.istioctl.ok)
    reasons.push(`istioctl: ${machine.istioctl.detail}; --mesh none needs none`)
  const needed = estimateMemoryMiB(scenario)
  const has = machine.totalBytes === undefined ? undefined : machine.totalBytes / 1024 ** 2
  if (has !== undefined && needed > has) {
    reasons.push(
      `needs about ${(needed / 1024).toFixed(1)} GiB of memory, there are ${(has / 1024).toFixed(1)}`,
    )
  }
  const instances = estimateInotifyInstances(scenario)
  const limit = machine.limits.max_user_instances
  if (limit !== undefined && instances > limit) {
    reasons.push(
      `needs about ${instances} inotify instances, the limit is ${limit}: ${sysctl('max_user_instances')}`,
    )
  }
  if (reasons.length > 0) return { ok: false, reason: reasons.join('; ') }
  return { ok: true, reason: `about ${(needed / 1024).toFixed(1)} GiB` }
}

async function istioctlCheck(
  tools: Toolbox,
  istio: string,
  { istio: asked, istioHub, istioTag }: KubernetesOptions,
): Promise<Check> {
  const { check, version } = await checkTool(tools, 'istioctl')
  if (!check.ok || version === undefined) return check
  const wanted = fullIstioVersion(istio)
  // Own images come with their own istioctl; what does not fit is said all the same.
  if (istioHub !== undefined || istioTag !== undefined) {
    const doubts = versionDisagreements({ asked, tag: istioTag ?? wanted, istioctl: version })
    return { ...check, detail: [check.detail, ...doubts].join('; ') }
  }
  if (istioctlFit(version, wanted) !== 'other')
    return { ...check, detail: istioctlDoubt(version, wanted) ?? check.detail }
  return {
    name: 'istioctl',
    ok: false,
    detail: `${version}, but Istio ${wanted} is to be installed`,
    remedy: `hopmeter tools install --istio ${wanted}, or --istio ${version}`,
  }
}

/** A node image needs the kind that it was made with, or a newer one; and Istio needs its Kubernetes. */
function kindForImage(
  { check: kind, version = 'unknown' }: ToolCheck,
  istio: string,
  options: KubernetesOptions,
): Check {
  const { nodeImage } = pinsFor(istio)
  const image = options.nodeImage ?? nodeImage.image
  if (!kind.ok) return kind
  const kubernetes = /:v?(\d+\.\d+\.\d+)/.exec(image)?.[1] ?? 'unknown'
  const problem = kubernetesProblem(istio, kubernetes)
  if (problem !== undefined)
    return { name: 'kind', ok: false, detail: problem, remedy: 'another --node-image' }
  const isPinned = image === nodeImage.image
  const numbers = versionNumbers(version)
  if (isPinned && numbers !== undefined && compareVersions(numbers, nodeImage.kind) < 0) {
    const detail = `${version}, but the node image of Kubernetes ${nodeImage.kubernetes} needs kind ${nodeImage.kind}`
    return { name: 'kind', ok: false, detail, remedy: toolRemedies.kind }
  }
  return { ...kind, detail: `${kind.detail}, nodes of Kubernetes ${kubernetes}` }
}

/** Only where it is wrong: hopmeter tells kind itself which provider to take. */
function providerChecks(): readonly Check[] {
  const problem = providerProblem()
  return problem === undefined
    ? []
    : [{ name: 'provider', ok: false, detail: problem, remedy: providerRemedy }]
}

function cgroupCheck(info: DockerInfo | undefined, image: string): Check {
  const name = 'cgroup'
  if (!info)
    return {
      name,
      ok: false,
      detail: 'not known: docker info says nothing',
      remedy: toolRemedies.docker,
    }
  const version = info.CgroupVersion || 'unknown'
  const problem = cgroupProblem(version, image)
  return problem === undefined
    ? { name, ok: true, detail: version === 'unknown' ? 'not known to Docker' : `v${version}` }
    : { name, ok: false, detail: problem, remedy: cgroupRemedy }
}

async function dockerInfo(tools: Toolbox): Promise<DockerInfo | undefined> {
  try {
    const command = tools.docker(['info', '--format', '{{json .}}'])
    const info = await tools.json<DockerInfo>(command, { timeoutMs: 30_000 })
    return info.ServerErrors?.length ? undefined : info
  } catch {
    return undefined
  }
}

type InotifyLimits = Readonly<Partial<Record<keyof typeof inotifyMinimum, number>>>

/** Nothing on Docker Desktop: the limits are those of its own machine. */
export function readInotifyLimits(folder = inotifyFolder): InotifyLimits {
  const names = Object.keys(inotifyMinimum).filter((name) => existsSync(path.join(folder, name)))
  return Object.fromEntries(
    names.map((name) => [name, Number(readFileSync(path.join(folder, name), 'utf8'))]),
  )
}

/** Advice, not a condition: how many clusters fit under a limit is said with each scenario. */
function inotifyChecks(limits: InotifyLimits): readonly Check[] {
  return Object.entries(limits).map(([key, value]): Check => {
    const name = key as keyof typeof inotifyMinimum
    const advice = value >= inotifyMinimum[name] ? '' : `; when nodes do not start, as root: ${sysctl(name)}`
    return { name: `inotify ${name}`, ok: true, detail: `${value}${advice}` }
  })
}

function sysctl(name: keyof typeof inotifyMinimum): string {
  return `sysctl fs.inotify.${name}=${Math.max(inotifyMinimum[name], 1024)}`
}

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1)
}
