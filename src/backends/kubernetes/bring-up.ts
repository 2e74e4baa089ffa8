import { HopmeterError } from '../../errors.ts'
import type { BackendContext, Testbed } from '../backend.ts'
import { nodeContainers } from '../kind/cluster/ownership.ts'
import type { Plan } from '../plan.ts'
import { agentImage, defaultIstio, fullIstioVersion } from '../versions.ts'
import type { FactsBook } from './cluster/cluster-facts.ts'
import type { KindCluster } from './cluster/layout.ts'
import { openPodCpu } from './cpu/pod-cpu.ts'
import { saveFailureState } from './failure-state.ts'
import type { MeshPart } from './mesh.ts'
import { Session } from './session/session.ts'
import { takeDown } from './session/take-down.ts'
import { failed, runPhases, waitUntilReady } from './steps/run-steps.ts'
import type { Phase, StepContext } from './steps/step.ts'
import { attachServers, detachServers, KubeTestbed } from './testbed.ts'
import { createToolbox } from './tools/create-toolbox.ts'
import { stateFolder } from './tools/folders.ts'
import type { KubernetesOptions } from './tools/options.ts'
import type { Toolbox, ToolName } from './tools/toolbox.ts'
import { toolProblem, toolRemedies, toolVersions } from './tools/tools.ts'
import { findPods } from './workloads/find-pods.ts'

const cleanUpTimeoutMs = 600_000
const stateTimeoutMs = 300_000

/** Everything `up` would do, as steps. Nothing is touched by making them. */
export interface Assembly {
  readonly tools: Toolbox
  readonly facts: FactsBook
  readonly clusters: readonly KindCluster[]
  readonly mesh: MeshPart | undefined
  readonly phases: readonly Phase[]
}

/** What differs between clusters that hopmeter makes and clusters that the user has. */
export interface Site {
  readonly backend: 'kind' | 'contexts'
  readonly sessionName: string
  /** Of what cannot change while the testbed stands. */
  readonly digest: string
  readonly facts: Readonly<Record<string, string>>
  /** Programs that are needed, in the order in which they are looked for. */
  tools(needsMesh: boolean): readonly ToolName[]
  assemble(session: Session): Assembly
}

/**
 * Stands a testbed up on clusters, whoever owns them.
 * @throws HopmeterError; nothing of this bring-up is left behind then, nor on abort.
 */
export async function bringUp(
  plan: Plan,
  context: BackendContext,
  options: KubernetesOptions,
  site: Site,
): Promise<Testbed> {
  context.signal.throwIfAborted()
  const session = openSession(plan, options, site)
  const release = session.lease()
  const { signal, progress, note } = context
  const stepContext: StepContext = { signal, progress, note }
  let assembly: Assembly | undefined
  try {
    assembly = site.assemble(session)
    const versions = await checkTools(assembly, options, site, signal)
    await runPhases(assembly.phases, stepContext)
    const testbed = await connect(plan, options, site, session, assembly, versions, stepContext, release)
    if (options.keep) session.update((state) => ({ ...state, kept: true }))
    return testbed
  } catch (error) {
    if (assembly && context.failureFolder !== undefined) {
      await saveFailureState({ ...assembly, session }, context.failureFolder, stateContext(stepContext))
    }
    await afterFailure(assembly?.tools ?? createToolbox(options), session, stepContext)
    release()
    signal.throwIfAborted()
    throw error
  }
}

async function connect(
  plan: Plan,
  options: KubernetesOptions,
  site: Site,
  session: Session,
  { tools, facts, clusters, mesh }: Assembly,
  versions: Readonly<Record<string, string>>,
  context: StepContext,
  release: () => void,
): Promise<Testbed> {
  const parts = { tools, facts, plan, sessionId: session.id, clients: options.clients ?? 1 }
  const found = await inStep('find pods', findPods(parts, clusters, context))
  for (const readiness of mesh?.readiness(found) ?? []) await waitUntilReady(readiness, context)
  const servers = await inStep(
    'attach to echo servers',
    attachServers(tools, [...found.pods.values()], context.signal),
  )
  try {
    const watched = mesh && (await inStep('watch components', mesh.watch(found, context)))
    const kubernetes = (await facts.of(clusters[0]!, context)).kubernetes
    return new KubeTestbed({
      tools,
      plan,
      engine: mesh?.engine ?? { name: 'kubernetes', version: kubernetes.replace(/^v/, '') },
      loadBalancer: mesh?.loadBalancer ?? 'none',
      facts: {
        kubernetes,
        ...site.facts,
        agentImage: options.agentImage ?? agentImage,
        ...versions,
        ...mesh?.facts,
      },
      pods: found.pods,
      services: found.services,
      addresses: watched?.addresses ?? [],
      servers,
      watcher: watched?.watcher,
      cpu: await openPodCpu({ tools, facts, clusters, found }, site.backend, context),
      saveState: (folder, signal) =>
        saveFailureState({ tools, session, clusters, mesh }, folder, stateContext({ ...context, signal })),
      takeDown: async () => {
        if (site.backend === 'kind') await tellOfStopped(tools, session, clusters, context)
        if (session.state.kept) release()
        else {
          try {
            await takeDown(tools, session, cleanUpContext(context))
          } finally {
            release()
          }
        }
      },
    })
  } catch (error) {
    await detachServers(servers)
    throw error
  }
}

/** A node that stops shows as a connection that ends somewhere; whoever reads that wants to know why. Never throws. */
async function tellOfStopped(
  tools: Toolbox,
  session: Session,
  clusters: readonly KindCluster[],
  context: StepContext,
): Promise<void> {
  const { signal, progress, note = progress } = cleanUpContext(context)
  for (const { name, kindName, nodeNames } of clusters) {
    const containers = await nodeContainers(tools, kindName, session.id, { signal }).catch(() => undefined)
    const running = containers?.filter((container) => container.running).map((container) => container.name)
    const stopped = nodeNames.filter((node) => running?.includes(node) === false)
    if (stopped.length > 0) note(`not running any more, of cluster ${name}: ${stopped.join(', ')}`)
  }
}

async function inStep<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw failed(name, error)
  }
}

/** The session of this testbed: a new one, or the one that stands. */
function openSession(plan: Plan, options: KubernetesOptions, site: Site): Session {
  const root = stateFolder(options.stateRoot)
  const { backend, sessionName: name, digest } = site
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
  options: KubernetesOptions,
  site: Site,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const names = site.tools(mesh !== undefined)
  const versions = await inStep('check tools', toolVersions(tools, names, signal))
  const wanted = fullIstioVersion(options.istio ?? defaultIstio)
  // Charts are part of istioctl: another version installs another Istio. Own images come with their own istioctl.
  const mayDiffer = options.istioTag !== undefined || options.istioHub !== undefined
  if (names.includes('istioctl') && site.backend === 'kind' && !mayDiffer && versions.istioctl !== wanted) {
    throw new HopmeterError(
      `check tools: istioctl is ${versions.istioctl}, but Istio ${wanted} is to be installed`,
      {
        hint: `hopmeter tools install --istio ${wanted}, or --istio ${versions.istioctl}`,
      },
    )
  }
  for (const name of names) {
    const problem = toolProblem(name, versions[name] ?? '')
    if (problem !== undefined)
      throw new HopmeterError(`check tools: ${problem}`, { hint: toolRemedies[name] })
  }
  return versions
}

/** Leaves nothing behind, or says what. A testbed that was kept before stays. */
async function afterFailure(tools: Toolbox, session: Session, context: StepContext): Promise<void> {
  const { note = context.progress } = context
  if (session.state.kept) {
    note(
      `what stands of testbed "${session.state.name}" is kept; hopmeter down ${session.state.name} removes it`,
    )
    return
  }
  await takeDown(tools, session, cleanUpContext(context)).catch((error: unknown) => {
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
