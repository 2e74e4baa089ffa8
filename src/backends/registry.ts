import { UsageError } from '../errors.ts'
import type { Plan } from '../plan/plan-scenario.ts'
import type { Scenario } from '../scenario/types.ts'
import type { Backend, BackendContext, BackendName, DoctorReport } from './backend.ts'
import type { ExtractedProgram, ImageChoice } from './istio/install/extracted.ts'
import type { ExtractOptions } from './istio/install/extract.ts'
import type { InstalledTools, InstallOptions } from './istio/install/install-tools.ts'
import type { WhichSessions } from './kubernetes/session/down.ts'
import type { Release } from './kubernetes/session/take-down.ts'
import type { LabCpus } from './lab/cpus.ts'
import type { VersionFlags } from './istio/data-planes.ts'
import type { VariantFlags } from './lab/variant-options.ts'
import type { KubernetesOptions } from './kubernetes/tools/options.ts'
import type { StandingTestbed } from './standing.ts'

export type { StandingTestbed } from './standing.ts'
export { shownVariant } from './lab/variant-options.ts'
export { defaultIstio, istioVersions } from './versions.ts'

/** What is said of a testbed, whatever the backend; each takes what is for it. */
export interface BackendOptions
  extends
    Omit<KubernetesOptions, 'istio' | 'istioHub' | 'istioTag' | 'dataPlanes'>,
    VariantFlags,
    VersionFlags {
  /** Kubeconfig context of each cluster, by its name in the scenario. */
  readonly contexts?: Readonly<Record<string, string>> | undefined
  readonly kubeconfig?: string | undefined
  /** Of the lab: which CPUs its programs may use. */
  readonly cpus?: LabCpus | undefined
  /** Of the lab: makes it known while it stands, so that programs can be sent into it. */
  readonly held?: boolean | undefined
}

/** A backend as the command line knows it. Its code is loaded only when it is used. */
interface BackendEntry {
  readonly name: BackendName
  /** @throws UsageError for options that it cannot have. */
  create(options: BackendOptions): Promise<Backend>
  /** What this machine has for it, without making anything. Never throws. */
  doctor(scenarios: readonly Scenario[], options: BackendOptions): Promise<DoctorReport>
  /** Whether testbeds of it can be left standing. */
  readonly canKeep: boolean
  /** How testbeds of it that were left standing are removed; absent where none can be. */
  release?(): Promise<Release>
  /** Those of its testbeds that stand; absent where this machine can enter none. */
  standing?(options: BackendOptions): Promise<readonly StandingTestbed[]>
}

/** Flags of the lab that choose programs. */
const programFlags = ['ztunnel', 'envoy', 'haproxy', 'variant'] as const

function refusePrograms(options: BackendOptions): void {
  const given = programFlags.find((flag) => (options[flag] ?? []).length > 0)
  if (given === undefined) return
  throw new UsageError(`--${given} is for --backend lab`, {
    hint: 'on kind and contexts Istio brings its own; see --istio, --istio-hub and --lb-image',
  })
}

/** Versions as flags name them, as a testbed of clusters has them. @throws UsageError */
async function kubernetesOptions({
  istio,
  istioHub,
  istioTag,
  ...same
}: BackendOptions): Promise<KubernetesOptions> {
  const { chosenVersions } = await import('./istio/data-planes.ts')
  return { ...same, ...chosenVersions({ istio, istioHub, istioTag }) }
}

/** @throws UsageError where several were named */
function oneVersion(options: KubernetesOptions): KubernetesOptions {
  if (options.dataPlanes === undefined) return options
  const names = options.dataPlanes.map(({ name }) => name).join(', ')
  throw new UsageError(`several versions (${names}) are for --backend kind`, {
    hint: 'on contexts the mesh is yours and hopmeter never changes it: run once for each version that you install, and show the runs together with hopmeter matrix RUN RUN',
  })
}

const backends: readonly BackendEntry[] = [
  {
    name: 'lab',
    canKeep: false,
    create: async ({ clients = 1, cpus, held, ...options }) => {
      if (clients > 1) {
        throw new UsageError('several clients are not supported on the lab backend', {
          hint: '--clients (HOPMETER_CLIENTS) is for --backend kind and contexts; the lab has one client per node',
        })
      }
      const { createLab } = await import('./lab/lab.ts')
      const { labVariants } = await import('./lab/variant-options.ts')
      return createLab({ cpus, held, ...labVariants(options) })
    },
    doctor: async (scenarios, options) => {
      const [{ labDoctor }, { programChecks }] = await Promise.all([
        import('./lab/doctor.ts'),
        import('./program-checks.ts'),
      ])
      const report = await labDoctor(scenarios)
      return { ...report, checks: [...report.checks, ...(await programChecks(options, options.cacheRoot))] }
    },
    standing: async () => (await import('./lab/standing/standing-labs.ts')).standingLabs(),
  },
  {
    name: 'kind',
    canKeep: true,
    create: async (options) => {
      refusePrograms(options)
      const { createKind } = await import('./kind/kind.ts')
      return createKind(await kubernetesOptions(options))
    },
    doctor: async (scenarios, options) => {
      const { kindDoctor } = await import('./kind/doctor/doctor.ts')
      return kindDoctor(scenarios, await kubernetesOptions(options))
    },
    release: async () => (await import('./kind/release.ts')).wholeClusters,
    standing: async (options) =>
      (await import('./kind/standing/standing-kind.ts')).standingKind(await kubernetesOptions(options)),
  },
  {
    name: 'contexts',
    canKeep: true,
    create: async ({ kubeconfig, contexts = {}, ...options }) => {
      refusePrograms(options)
      const { kubeconfigFile, withKubeconfigFile } = await import('./contexts/kubeconfig-file.ts')
      const { createContexts } = await import('./contexts/contexts.ts')
      const file = kubeconfigFile(kubeconfig)
      const of = oneVersion(await kubernetesOptions(options))
      return withKubeconfigFile(createContexts({ ...of, contexts, kubeconfig: file }), file)
    },
    doctor: async (scenarios, options) => {
      const { contextsDoctor } = await import('./contexts/doctor.ts')
      const { kubeconfig, contexts } = options
      return contextsDoctor(scenarios, {
        ...oneVersion(await kubernetesOptions(options)),
        kubeconfig,
        contexts,
      })
    },
    release: async () => (await import('./contexts/release.ts')).namespacesOnly,
  },
]

/** The backend behind `--backend`. @throws UsageError when there is none of that name. */
export function backendEntry(name: string): BackendEntry {
  const found = backends.find((backend) => backend.name === name)
  if (found) return found
  throw new UsageError(`there is no backend "${name}"`, { hint: 'use --backend lab, kind or contexts' })
}

/**
 * Takes testbeds down that were left standing.
 * @returns names of those that are gone.
 * @throws HopmeterError when one could not be taken down; the others are.
 */
export async function takeDownSessions(
  which: WhichSessions,
  context: BackendContext,
  options: KubernetesOptions = {},
): Promise<readonly string[]> {
  const { takeDownEach } = await import('./kubernetes/session/down.ts')
  return takeDownEach(which, releaseOf, context, options)
}

/** Testbeds that stand on this machine and that it can enter, whichever backend made them. @throws HopmeterError */
export async function standingTestbeds(options: BackendOptions = {}): Promise<readonly StandingTestbed[]> {
  return (
    await Promise.all(backends.map(async (backend) => (await backend.standing?.(options)) ?? []))
  ).flat()
}

async function releaseOf(name: BackendName): Promise<Release> {
  const release = await backendEntry(name).release?.()
  if (!release) throw new RangeError(`testbeds of backend ${name} are never left standing`)
  return release
}

/** Fetches the programs that go with a version of Istio. @throws EnvironmentError, UsageError */
export async function installTools(version: string, options: InstallOptions = {}): Promise<InstalledTools> {
  const tools = await import('./istio/install/install-tools.ts')
  return tools.installTools(version, options)
}

/** A program of Istio's, out of its image, and what it says it is. */
export interface UsableProgram extends ExtractedProgram {
  readonly version: string
}

/**
 * Copies ztunnel and Envoy of a version out of Istio's images, and asks them what they are.
 * @throws EnvironmentError, UsageError
 */
export async function extractPrograms(
  choice: ImageChoice,
  options: ExtractOptions,
): Promise<readonly UsableProgram[]> {
  const [{ extractForwarders }, { engineBinary }] = await Promise.all([
    import('./istio/install/extract.ts'),
    import('./lab/engines/engine-binary.ts'),
  ])
  const programs = await extractForwarders(choice, options)
  return await Promise.all(
    programs.map(async (one) => {
      const { version } = await engineBinary(one.program, one.path, options.signal)
      return { ...one, version }
    }),
  )
}

/** What is written down of versions of Istio that touches the paths of a plan, a line each. */
export async function istioWarnings(versions: readonly string[], plan: Plan): Promise<readonly string[]> {
  return (await import('./istio/version-warnings.ts')).warningsOfVersions(versions, plan)
}

/** Whether istioctl of a version is in the cache, and as it was downloaded. */
export async function cachedIstioctlState(version: string): Promise<'yes' | 'no' | 'damaged'> {
  const { verifiedIstioctl } = await import('./istio/install/cached-tools.ts')
  try {
    return verifiedIstioctl(version) === undefined ? 'no' : 'yes'
  } catch {
    return 'damaged'
  }
}
