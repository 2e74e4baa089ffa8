import { HopmeterError } from '../../errors.ts'
import type { BackendContext, Step, Testbed } from '../backend.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { agentImage } from '../versions.ts'
import type { Cluster } from './cluster/cluster.ts'
import { openPodCpu, type CpuMethod } from './cpu/pod-cpu.ts'
import { saveFailureState } from './failure-state.ts'
import type { ServiceMesh } from './mesh.ts'
import type { MakeQuiet } from './quiet.ts'
import { Session, type SessionState } from './session/session.ts'
import { takeDown, type Release } from './session/take-down.ts'
import { inStep, runPhases } from './steps/run-steps.ts'
import type { Phase, StepContext } from './steps/step.ts'
import { waitUntilReady } from './steps/wait.ts'
import { attachServers, detachServers, KubeTestbed, type LiveParts } from './testbed.ts'
import { createToolbox } from './tools/create-toolbox.ts'
import { stateFolder } from './tools/folders.ts'
import type { KubernetesOptions } from './tools/options.ts'
import { toolDoubt, toolProblem, toolRemedies, toolVersions } from './tools/tool-versions.ts'
import type { Toolbox, ToolName } from './tools/toolbox.ts'
import { findPods } from './workloads/find-pods.ts'
import type { PodInventory } from './workloads/pod-inventory.ts'
import { removePods } from './workloads/remove-pods.ts'

const cleanUpTimeoutMs = 600_000
const stateTimeoutMs = 300_000

/** Everything `up` would do, as steps. Nothing is touched by making them. */
export interface Assembly {
  readonly tools: Toolbox
  readonly clusters: readonly Cluster[]
  readonly mesh: ServiceMesh | undefined
  readonly phases: readonly Phase[]
  /** The last of them: pods, and what belongs to them. */
  readonly workloads: Phase
  /** What is known once it stands. */
  readonly facts?: (context: StepContext) => Promise<Readonly<Record<string, string>>>
}

/** What differs between clusters that hopmeter makes and clusters that the user has. */
export interface ClusterOwner {
  readonly backend: SessionState['backend']
  readonly sessionName: string
  /** Of what cannot change while the testbed stands. */
  readonly digest: string
  readonly facts: Readonly<Record<string, string>>
  /** Programs that are needed, in the order in which they are looked for. */
  tools(needsMesh: boolean): readonly ToolName[]
  /** Looks whether programs of these versions go together: what cannot be known of that. @throws HopmeterError */
  checkVersions?(versions: Readonly<Partial<Record<ToolName, string>>>): readonly string[]
  assemble(session: Session): Assembly
  readonly cpu: CpuMethod
  /** Absent where control planes go on while rounds run. */
  readonly quiet?: MakeQuiet | undefined
  readonly release: Release
}

/** What a bring-up works with. */
interface BringUp {
  readonly plan: Plan
  readonly options: KubernetesOptions
  readonly owner: ClusterOwner
  readonly session: Session
  readonly context: StepContext
  /** Gives the session back. */
  readonly end: () => void
}

/** The steps of an assembly, for `plan`. */
export function stepsOf({ phases }: Assembly): readonly Step[] {
  return phases.flat().map(({ name, commands }): Step => ({ name, commands }))
}

/**
 * Stands a testbed up on clusters, whoever owns them.
 * @throws HopmeterError; nothing of this bring-up is left behind then, nor on abort.
 */
export async function bringUp(
  plan: Plan,
  { failureFolder, ...context }: BackendContext,
  options: KubernetesOptions,
  owner: ClusterOwner,
): Promise<Testbed> {
  context.signal.throwIfAborted()
  const session = openSession(plan, options, owner)
  const end = session.lease()
  let assembly: Assembly | undefined
  try {
    assembly = owner.assemble(session)
    const versions = await checkTools(assembly, owner, context)
    await owner.release.repair?.(assembly.tools, session, context)
    await runPhases(assembly.phases, context)
    const testbed = await connect({ plan, options, owner, session, context, end }, assembly, versions)
    if (options.keep) session.update((state) => ({ ...state, kept: true }))
    return testbed
  } catch (error) {
    if (assembly && failureFolder !== undefined) {
      const parts = { ...assembly, session, failure: error }
      await saveFailureState(parts, failureFolder, stateContext(context))
    }
    await afterFailure(assembly?.tools ?? createToolbox(options), session, owner, context)
    end()
    context.signal.throwIfAborted()
    throw error
  }
}

async function connect(
  work: BringUp,
  assembly: Assembly,
  versions: Readonly<Record<string, string>>,
): Promise<Testbed> {
  const { plan, options, owner, session, context, end } = work
  const { tools, clusters, mesh, facts } = assembly
  const { note = context.progress } = context
  const live = await goLive(work, assembly, context)
  try {
    for (const disagreement of mesh?.disagreements ?? []) note(disagreement)
    const quiet = owner.quiet?.({ tools, session, clusters }, context)
    const { kubernetes } = await clusters[0]!.facts(context)
    return new KubeTestbed({
      live,
      quiet,
      tools,
      plan,
      engine: mesh?.engine ?? { name: 'kubernetes', version: kubernetes.replace(/^v/, '') },
      loadBalancer: mesh?.loadBalancer ?? 'none',
      facts: {
        kubernetes,
        ...owner.facts,
        ...(facts && (await inStep('nodes of all clusters', facts(context)))),
        ...(mesh ? { restarted: mesh.restart ? restartedAll : restartedPods } : {}),
        agentImage: agentImages(live) || (options.agentImage ?? agentImage),
        ...versions,
        ...mesh?.facts,
      },
      variants: mesh?.variants,
      startFacts: () => mesh?.startFacts,
      restart: async ({ signal, progress, variant }) => {
        const during = { ...context, signal, progress }
        await restartPrograms(assembly, session, during, variant)
        return await goLive(work, assembly, during)
      },
      saveState: (folder, signal) =>
        saveFailureState({ tools, session, clusters, mesh }, folder, stateContext({ ...context, signal })),
      isKept: () => session.state.kept,
      takeDown: async () => {
        await tellOfStopped(clusters, context)
        try {
          if (session.state.kept) await mesh?.putBack?.(cleanUpContext(context))
          else await takeDown(tools, session, owner.release, cleanUpContext(context))
        } finally {
          end()
        }
      },
    })
  } catch (error) {
    live.watcher?.close()
    await detachServers(live.servers)
    throw error
  }
}

const restartedAll = 'ztunnels, gateways, load balancers and pods'
/** Nothing that hopmeter did not install is ever started anew. */
const restartedPods = 'own pods only: the mesh is not hopmeter’s'

/** Waits for what paths need and attaches to it. Nothing is attached when it fails. */
async function goLive(
  { plan, options, owner, session }: BringUp,
  { tools, clusters, mesh }: Assembly,
  context: StepContext,
): Promise<LiveParts> {
  const found = await inStep('find pods', findPods(plan, session.id, options.clients ?? 1, clusters, context))
  for (const readiness of mesh?.readiness(found) ?? []) await waitUntilReady(readiness, context)
  const servers = await inStep(
    'attach to echo servers',
    attachServers(tools, [...found.pods.values()], context.signal),
  )
  try {
    const watched = mesh && (await inStep('watch components', mesh.watch(found, context)))
    const cpu = await openPodCpu(owner.cpu, { tools, clusters, found, mesh }, context)
    return { ...found, servers, addresses: watched?.addresses ?? [], watcher: watched?.watcher, cpu }
  } catch (error) {
    await detachServers(servers)
    throw error
  }
}

/** All at the same time; pods come back once what captures their traffic is there. */
async function restartPrograms(
  { clusters, mesh, workloads }: Assembly,
  session: Session,
  context: StepContext,
  variant?: string,
): Promise<void> {
  context.progress(mesh?.restart ? `restart ${restartedAll}` : 'restart pods')
  await Promise.all([
    mesh?.restart?.(context, variant),
    ...clusters.map((cluster) => removePods(cluster, session.id, context)),
  ])
  await runPhases([workloads], context)
}

/** Which images the tag of the agent's was, where the clusters say it. */
function agentImages({ pods }: Pick<PodInventory, 'pods'>): string {
  return [...new Set([...pods.values()].map(({ image }) => image))]
    .filter((image) => image !== '')
    .toSorted()
    .join(', ')
}

/** A node that stops shows as a connection that ends somewhere; whoever reads that wants to know why. Never throws. */
async function tellOfStopped(clusters: readonly Cluster[], context: StepContext): Promise<void> {
  const { progress, note = progress } = context
  for (const { name, nodes } of clusters) {
    const stopped = (await nodes?.stopped(cleanUpContext(context)).catch(() => [])) ?? []
    if (stopped.length > 0) note(`not running any more, of cluster ${name}: ${stopped.join(', ')}`)
  }
}

/** The session of this testbed: a new one, or the one that stands. */
function openSession(plan: Plan, options: KubernetesOptions, owner: ClusterOwner): Session {
  const root = stateFolder(options.stateRoot)
  const { backend, sessionName: name, digest } = owner
  const found = Session.find(root, name)
  const session = found ?? Session.create(root, { name, backend, scenario: plan.scenario.name, digest })
  if (session.state.digest !== digest || session.state.backend !== backend) {
    throw new HopmeterError(`testbed "${name}" stands, but was made for another form of this scenario`, {
      hint: `take it down first: hopmeter down ${name}`,
    })
  }
  return session
}

async function checkTools(
  { tools, mesh }: Assembly,
  owner: ClusterOwner,
  context: StepContext,
): Promise<Readonly<Record<string, string>>> {
  const { signal, note = context.progress } = context
  const names = owner.tools(mesh !== undefined)
  const versions = await inStep('check tools', toolVersions(tools, names, signal))
  const doubts = [...(owner.checkVersions?.(versions) ?? [])]
  for (const name of names) {
    const version = versions[name] ?? 'unknown'
    const problem = toolProblem(name, version)
    if (problem !== undefined)
      throw new HopmeterError(`check tools: ${problem}`, { hint: toolRemedies[name] })
    doubts.push(...[toolDoubt(name, version) ?? []].flat())
  }
  for (const doubt of doubts) note(doubt)
  return versions
}

/** Leaves nothing behind, or says what. A testbed that was kept before stays. */
async function afterFailure(
  tools: Toolbox,
  session: Session,
  { release }: ClusterOwner,
  context: StepContext,
): Promise<void> {
  const { note = context.progress } = context
  if (session.state.kept) {
    note(
      `what stands of testbed "${session.state.name}" is kept; hopmeter down ${session.state.name} removes it`,
    )
    return
  }
  await takeDown(tools, session, release, cleanUpContext(context)).catch((error: unknown) => {
    note(`not everything could be removed: ${error instanceof Error ? error.message : String(error)}`)
  })
}

/** Nobody who asks to stop has to wait for logs. */
function stateContext(context: StepContext): StepContext {
  return { ...context, signal: AbortSignal.any([context.signal, AbortSignal.timeout(stateTimeoutMs)]) }
}

/** Cleaning up goes on when the user has asked to stop; it has a deadline of its own. */
function cleanUpContext(context: StepContext): StepContext {
  return { ...context, signal: AbortSignal.timeout(cleanUpTimeoutMs) }
}
