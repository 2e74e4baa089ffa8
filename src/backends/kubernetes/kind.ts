import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { HopmeterError, UsageError } from '../../errors.ts'
import type { Backend, BackendContext, Step, Testbed } from '../backend.ts'
import type { Plan } from '../plan.ts'
import { createClusterStep, markClusterStep, namesStep } from './cluster-steps.ts'
import type { Phase, StepContext } from './contract.ts'
import { saveFailureLogs } from './failure-logs.ts'
import { findPods } from './find-pods.ts'
import { stateFolder } from './folders.ts'
import { ImageStore } from './images.ts'
import { kindNodeNames, type KindCluster } from './layout.ts'
import type { MeshPart } from './mesh-part.ts'
import { FactsBook } from './node-facts.ts'
import { routeStep } from './node-network.ts'
import type { KubernetesOptions } from './options.ts'
import { kindClusterName, Session, testbedDigest } from './session.ts'
import { failed, runPhases, waitUntilReady } from './steps.ts'
import { takeDown } from './take-down.ts'
import { attachServers, KubeTestbed } from './testbed.ts'
import { Toolbox, type ToolName } from './toolbox.ts'
import { cachedGatewayApi, locatePrograms, toolProblem, toolRemedies, toolVersions } from './tools.ts'
import { agentImage, defaultIstio, fullIstioVersion, pinsFor } from './versions.ts'
import { workloadStep } from './workload-steps.ts'
import { istioPart } from './istio/istio-part.ts'

const agentFile = fileURLToPath(new URL('../../../dist/agent.mjs', import.meta.url))
const cleanUpTimeoutMs = 600_000

/**
 * The backend that makes its clusters itself, with kind on this machine's Docker. See docs/kubernetes.md.
 */
export function createKind(options: KubernetesOptions = {}): Backend {
  return {
    name: 'kind',
    steps: (plan) => {
      const { phases } = assemble(plan, options, undefined)
      return phases.flat().map(({ name, commands }): Step => ({ name, commands }))
    },
    up: (plan, context) => bringUp(plan, context, options),
  }
}

/** @throws UsageError for what kind clusters cannot do. */
export function checkSupported(plan: Plan): void {
  const { routeMode, delays, topology } = plan.scenario
  if (routeMode === 'bgp' && topology.routes.length > 0) {
    throw new UsageError('routes by BGP are not supported on this backend', {
      hint: 'use --backend lab, or a scenario with static or vxlan routes',
    })
  }
  if (delays.length > 0) {
    throw new UsageError('delays between networks are not supported on this backend', {
      hint: 'use --backend lab, or a scenario without delays',
    })
  }
}

interface Assembly {
  readonly tools: Toolbox
  readonly facts: FactsBook
  readonly clusters: readonly KindCluster[]
  readonly mesh: MeshPart | undefined
  readonly phases: readonly Phase[]
}

/** Everything `up` would do, as steps. Nothing is touched by making them. */
function assemble(plan: Plan, options: KubernetesOptions, session: Session | undefined): Assembly {
  checkSupported(plan)
  const { scenario } = plan
  const root = stateFolder(options.stateRoot)
  const folder = session?.folder ?? path.join(root, scenario.name)
  const tools = createToolbox(options)
  const facts = new FactsBook(tools)
  const nodeImage = chosenNodeImage(options)
  const clusters = scenario.topology.clusters.map((spec): KindCluster => {
    const kindName = kindClusterName(scenario.name, spec.name)
    return {
      name: spec.name,
      kindName,
      kubeconfig: path.join(folder, `${spec.name}.kubeconfig`),
      context: `kind-${kindName}`,
      nodeNames: kindNodeNames(kindName, spec.nodes),
      spec,
    }
  })
  const needsMesh = plan.workloads.some(({ mesh }) => mesh === 'ambient')
  const mesh = needsMesh
    ? istioPart({ tools, facts, plan, clusters, options: withCachedCrds(options), session })
    : undefined
  const markerFolder = path.join(folder, `marker-${session?.id ?? 'SESSION-ID'}`)
  const clusterParts = { tools, facts, session, markerFolder, nodeImage }
  const images = [options.agentImage ?? agentImage]
  const store = new ImageStore(tools)
  const network = { tools, facts, plan, clusters }
  const workloads = {
    tools,
    facts,
    plan,
    sessionId: session?.id ?? 'SESSION-ID',
    agentImage: options.agentImage ?? agentImage,
    agentText: agentText(),
  }
  const phases: readonly Phase[] = [
    [namesStep(tools, session, clusters)],
    clusters.map((cluster) => createClusterStep(clusterParts, cluster)),
    clusters.map((cluster) => markClusterStep(clusterParts, cluster)),
    clusters.map((cluster) => store.step(cluster, [...images, ...(mesh?.images ?? [])])),
    clusters.length > 1 ? clusters.map((cluster) => routeStep(network, cluster)) : [],
    ...(mesh?.phases ?? []),
    clusters.map((cluster) => workloadStep(workloads, cluster)),
  ]
  return { tools, facts, clusters, mesh, phases: phases.filter((phase) => phase.length > 0) }
}

async function bringUp(plan: Plan, context: BackendContext, options: KubernetesOptions): Promise<Testbed> {
  checkSupported(plan)
  context.signal.throwIfAborted()
  const session = openSession(plan, options)
  const release = session.lease()
  const { signal, progress } = context
  const stepContext: StepContext = { signal, progress }
  let assembly: Assembly | undefined
  try {
    assembly = assemble(plan, options, session)
    const versions = await checkTools(assembly, options, signal)
    await runPhases(assembly.phases, stepContext)
    const testbed = await connect(plan, options, session, assembly, versions, stepContext, release)
    if (options.keep) session.update((state) => ({ ...state, kept: true }))
    return testbed
  } catch (error) {
    const tools = assembly?.tools ?? createToolbox(options)
    await afterFailure(tools, session, options, progress, !signal.aborted)
    release()
    signal.throwIfAborted()
    throw error
  }
}

async function connect(
  plan: Plan,
  options: KubernetesOptions,
  session: Session,
  { tools, facts, clusters, mesh }: Assembly,
  versions: Readonly<Record<string, string>>,
  context: StepContext,
  release: () => void,
): Promise<Testbed> {
  const parts = { tools, facts, plan, sessionId: session.id }
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
        nodeImage: chosenNodeImage(options),
        agentImage: options.agentImage ?? agentImage,
        ...versions,
        ...mesh?.facts,
      },
      pods: found.pods,
      services: found.services,
      addresses: watched?.addresses ?? [],
      servers,
      watcher: watched?.watcher,
      takeDown: async () => {
        if (session.state.kept) release()
        else {
          try {
            await takeDown(tools, session, cleanUpContext(context.progress))
          } finally {
            release()
          }
        }
      },
    })
  } catch (error) {
    for (const { process } of servers) process.close()
    throw error
  }
}

async function inStep<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw failed(name, error)
  }
}

/** The session of this scenario: a new one, or the one that stands. */
function openSession(plan: Plan, options: KubernetesOptions): Session {
  const root = stateFolder(options.stateRoot)
  const { scenario } = plan
  const digest = testbedDigest(scenario, chosenNodeImage(options))
  const found = Session.find(root, scenario.name)
  const session =
    found ?? Session.create(root, { name: scenario.name, backend: 'kind', scenario: scenario.name, digest })
  if (session.state.digest !== digest || session.state.backend !== 'kind') {
    throw new HopmeterError(
      `testbed "${scenario.name}" stands, but was made for another form of this scenario`,
      {
        hint: `take it down first: hopmeter down ${scenario.name}`,
      },
    )
  }
  return session
}

async function checkTools(
  { tools, mesh }: Assembly,
  options: KubernetesOptions,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const names: readonly ToolName[] = ['docker', 'kind', 'kubectl', ...(mesh ? (['istioctl'] as const) : [])]
  const versions = await inStep('check tools', toolVersions(tools, names, signal))
  const wanted = fullIstioVersion(options.istio ?? defaultIstio)
  // Charts are part of istioctl: another version installs another Istio. Own images come with their own istioctl.
  const mayDiffer = options.istioTag !== undefined || options.istioHub !== undefined
  if (mesh && !mayDiffer && versions.istioctl !== wanted) {
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
async function afterFailure(
  tools: Toolbox,
  session: Session,
  options: KubernetesOptions,
  progress: (message: string) => void,
  wantsLogs: boolean,
): Promise<void> {
  const context = cleanUpContext(progress)
  if (wantsLogs && options.failureLogs !== undefined) {
    await saveFailureLogs(tools, session, options.failureLogs, context)
  }
  if (session.state.kept) {
    progress(
      `what stands of testbed "${session.state.name}" is kept; hopmeter down ${session.state.name} removes it`,
    )
    return
  }
  await takeDown(tools, session, context).catch((error: unknown) => {
    progress(`not everything could be removed: ${error instanceof Error ? error.message : String(error)}`)
  })
}

/** Cleaning up goes on when the user has asked to stop; it has a deadline of its own. */
function cleanUpContext(progress: (message: string) => void): StepContext {
  return { signal: AbortSignal.timeout(cleanUpTimeoutMs), progress }
}

export function createToolbox(options: KubernetesOptions): Toolbox {
  const root = stateFolder(options.stateRoot)
  return new Toolbox({
    programs: locatePrograms(options),
    noKubeconfig: path.join(root, 'no-kubeconfig'),
    execute: options.execute,
    deadlineScale: options.deadlineScale,
  })
}

/** CRDs that `tools install` fetched spare a download. */
function withCachedCrds(options: KubernetesOptions): KubernetesOptions {
  const cached = cachedGatewayApi(pinsFor(options.istio ?? defaultIstio).gatewayApi, options.cacheRoot)
  return options.gatewayApi === undefined && existsSync(cached) ? { ...options, gatewayApi: cached } : options
}

function chosenNodeImage(options: KubernetesOptions): string {
  return options.nodeImage ?? pinsFor(options.istio ?? defaultIstio).nodeImage.image
}

function agentText(): string {
  try {
    return readFileSync(agentFile, 'utf8')
  } catch (cause) {
    throw new HopmeterError("agent.mjs is missing beside hopmeter's own code", {
      cause,
      hint: 'npm run build',
    })
  }
}
