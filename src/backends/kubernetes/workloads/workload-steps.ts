import { HopmeterError } from '../../../errors.ts'
import { sessionLabel } from '../../kind/cluster/ownership.ts'
import type { FactsBook } from '../cluster/cluster-facts.ts'
import type { TestbedCluster } from '../cluster/layout.ts'
import { waitUntilReady } from '../steps/run-steps.ts'
import type { KubeStep, StepContext } from '../steps/step.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import {
  indexAnnotation,
  manifestsFor,
  specAnnotation,
  workloadLabel,
  type Manifest,
  type ManifestParts,
} from './workload-manifests.ts'

const podDeadlineMs = 300_000
/** An image that could not be pulled for so long will not come: a slow one says ContainerCreating. */
const imageDeadlineMs = 60_000
const kinds = 'namespaces,configmaps,serviceaccounts,services,jobs,pods'

/** The part of any object that hopmeter reads. */
export interface KubeObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
  }
  readonly spec?: { readonly clusterIP?: string; readonly nodeName?: string; readonly completions?: number }
  readonly status?: {
    readonly phase?: string
    readonly podIP?: string
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly message?: string
    }[]
    readonly containerStatuses?: readonly {
      readonly ready: boolean
      readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } }
    }[]
  }
}

interface WorkloadStepParts extends ManifestParts {
  readonly tools: Toolbox
  readonly facts: FactsBook
}

/** Objects of this session in a cluster. */
export async function ownObjects(
  tools: Toolbox,
  cluster: TestbedCluster,
  sessionId: string,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly KubeObject[]> {
  const of = ['--all-namespaces', '--selector', `${sessionLabel}=${sessionId}`, '--output', 'json']
  const command = tools.kubectl(cluster, ['get', kinds, ...of])
  return (await tools.json<{ items?: readonly KubeObject[] }>(command, context)).items ?? []
}

/** Namespaces, the agent, services and pods of one cluster. */
export function workloadStep(parts: WorkloadStepParts, cluster: TestbedCluster): KubeStep {
  const { tools, facts, sessionId } = parts
  const apply = (objects: readonly Manifest[]) =>
    tools.kubectl(cluster, ['apply', '--server-side', '--force-conflicts', '--filename', '-'], {
      apiVersion: 'v1',
      kind: 'List',
      items: objects,
    })
  const wanted = async (context: StepContext) =>
    manifestsFor(parts, cluster, (await facts.of(cluster, context)).nodes)
  const differences = async (context: StepContext) => {
    const [want, found] = await Promise.all([wanted(context), ownObjects(tools, cluster, sessionId, context)])
    return compareObjects(want, found)
  }
  return {
    name: `start workloads in ${cluster.name}`,
    commands: [apply(shortened(manifestsFor(parts, cluster, plannedNodes(cluster))))],
    isDone: async (context) => {
      const { missing, stale, notReady } = await differences(context)
      return missing.length === 0 && stale.length === 0 && notReady.length === 0
    },
    run: async (context) => {
      const { missing, stale } = await differences(context)
      await refuseForeignNamespaces(tools, cluster, missing, sessionId, context)
      // Pods cannot be changed in place, and what nobody wants any more could answer in somebody else's stead.
      for (const { kind, metadata } of stale) {
        const of = metadata.namespace === undefined ? [] : ['--namespace', metadata.namespace]
        const name = `${kind.toLowerCase()}/${metadata.name}`
        // The pods of a Job that is gone would go on being found for a while.
        const cascade = kind === 'Job' ? ['--cascade=foreground'] : []
        await tools.call(
          tools.kubectl(cluster, ['delete', ...of, '--ignore-not-found', ...cascade, name]),
          context,
        )
      }
      const late = missing.filter(({ kind }) => runsPods(kind))
      const early = missing.filter(({ kind }) => !runsPods(kind))
      // The admission of a pod needs its service account, which a list alone does not wait for.
      if (early.length > 0) await tools.call(apply(early), context)
      if (late.length > 0) await tools.call(apply(late), context)
      await waitUntilReady(
        {
          name: `pods of ${cluster.name} are Ready`,
          deadlineMs: tools.deadlineMs(podDeadlineMs),
          check: async (inner) => {
            const { notReady } = compareObjects(
              await wanted(inner),
              await ownObjects(tools, cluster, sessionId, inner),
            )
            return notReady.length === 0 ? null : notReady.join('; ')
          },
          isHopeless: (problem, waitedMs) =>
            isImageProblem(problem) && waitedMs >= tools.deadlineMs(imageDeadlineMs),
          explain: explainPod,
        },
        context,
      )
    },
  }
}

function isImageProblem(missing: string): boolean {
  return /ErrImage|ImagePull|InvalidImageName/.test(missing)
}

function explainPod(missing: string): string {
  if (isImageProblem(missing)) {
    return 'the node cannot get the image: on kind docker pull makes it present; or name one that nodes can pull with --agent-image'
  }
  if (missing.includes('Unschedulable')) return 'no node has room, or the node of the scenario is not Ready'
  return 'kubectl describe pod, with the kubeconfig of the state folder, says more'
}

interface Differences {
  /** To be applied. */
  readonly missing: readonly Manifest[]
  /** To be deleted first. */
  readonly stale: readonly KubeObject[]
  /** Why which pods are not ready, each as a sentence. */
  readonly notReady: readonly string[]
}

function compareObjects(wanted: readonly Manifest[], found: readonly KubeObject[]): Differences {
  const byKey = new Map(found.map((object) => [keyOf(object), object]))
  const isSame = (want: Manifest, have: KubeObject | undefined) =>
    have !== undefined &&
    have.metadata.deletionTimestamp === undefined &&
    have.metadata.annotations?.[specAnnotation] === want.metadata.annotations[specAnnotation]
  const missing = wanted.filter((want) => !isSame(want, byKey.get(keyOf(want))))
  const wantedKeys = new Map(wanted.map((want) => [keyOf(want), want]))
  const stale = found.filter((have) => {
    const want = wantedKeys.get(keyOf(have))
    // Kubernetes copies labels to objects of its own; those carry no digest of ours.
    if (have.metadata.annotations?.[specAnnotation] === undefined) return false
    return want === undefined || (runsPods(have.kind) && !isSame(want, have))
  })
  const notReady = wanted.flatMap((want) => {
    if (want.kind === 'Pod') return podProblem(want.metadata.name, byKey.get(keyOf(want)))
    return want.kind === 'Job' ? jobProblems(want, found) : []
  })
  return { missing, stale, notReady }
}

/** Neither can be changed in place. */
function runsPods(kind: string): boolean {
  return kind === 'Pod' || kind === 'Job'
}

/** Pods of a workload that an indexed Job runs, by their number; those that are going are none of them. */
export function indexedPods(found: readonly KubeObject[], workload: string): ReadonlyMap<number, KubeObject> {
  const pods = found.filter(
    ({ kind, metadata, status }) =>
      kind === 'Pod' &&
      metadata.labels?.[workloadLabel] === workload &&
      metadata.annotations?.[indexAnnotation] !== undefined &&
      metadata.deletionTimestamp === undefined &&
      status?.phase !== 'Failed',
  )
  return new Map(pods.map((pod) => [Number(pod.metadata.annotations?.[indexAnnotation]), pod]))
}

function jobProblems(job: Manifest, found: readonly KubeObject[]): readonly string[] {
  const { completions } = job['spec'] as { readonly completions: number }
  const pods = indexedPods(found, job.metadata.name)
  return Array.from({ length: completions }, (_, index) =>
    podProblem(`${job.metadata.name} ${index + 1} of ${completions}`, pods.get(index)),
  ).flat()
}

function keyOf({ kind, metadata }: { kind: string; metadata: { name: string; namespace?: string } }): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
}

function podProblem(name: string, pod: KubeObject | undefined): readonly string[] {
  if (!pod) return [`${name} does not exist`]
  const { status } = pod
  if (status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') && status.podIP) return []
  const waiting = status?.containerStatuses?.find(({ ready }) => !ready)?.state?.waiting
  if (waiting?.reason) return [`${name}: ${waiting.reason} ${waiting.message ?? ''}`.trim()]
  const unscheduled = status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status !== 'True')
  if (unscheduled) return [`${name}: Unschedulable ${unscheduled.message ?? ''}`.trim()]
  return [`${name}: ${status?.phase ?? 'no state yet'}`]
}

/** A namespace of that name that hopmeter did not make is not touched. */
async function refuseForeignNamespaces(
  tools: Toolbox,
  cluster: TestbedCluster,
  missing: readonly Manifest[],
  sessionId: string,
  context: StepContext,
): Promise<void> {
  for (const { metadata } of missing.filter(({ kind }) => kind === 'Namespace')) {
    const found = await tools.find<KubeObject>(
      tools.kubectl(cluster, ['get', 'namespace', metadata.name, '--output', 'json']),
      context,
    )
    if (found && found.metadata.labels?.[sessionLabel] !== sessionId) {
      throw new HopmeterError(
        `cluster "${cluster.name}" has a namespace "${metadata.name}" that is not this testbed's`,
        {
          hint: 'hopmeter leaves it alone; take down whatever it belongs to first',
        },
      )
    }
  }
}

/** For `plan`: nodes by the names that kind will give them. */
function plannedNodes(cluster: TestbedCluster) {
  const names = 'nodeNames' in cluster ? (cluster.nodeNames as readonly string[]) : []
  return names.map((name, i) => ({ name, number: i + 1, address: '', podCidr: '' }))
}

/** The agent's source has 700 kB, which nobody wants to read in a plan. */
function shortened(objects: readonly Manifest[]): readonly Manifest[] {
  return objects.map((object) =>
    object.kind === 'ConfigMap'
      ? { ...object, data: { 'agent.mjs': '(the bundled agent: dist/agent.mjs)' } }
      : object,
  )
}
