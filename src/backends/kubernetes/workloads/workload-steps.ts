import { HopmeterError } from '../../../errors.ts'
import type { NodeFacts } from '../cluster/cluster-facts.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { KubeObject } from '../cluster/objects.ts'
import { sessionLabel } from '../session/ownership.ts'
import type { KubeStep, StepContext } from '../steps/step.ts'
import { waitUntilReady } from '../steps/wait.ts'
import { compareObjects, runsPods } from './compare-objects.ts'
import { MissingImageError } from '../steps/missing-image.ts'
import { ownObjects } from './own-objects.ts'
import { manifestsFor, type Manifest, type ManifestParts } from './workload-manifests.ts'

const podDeadlineMs = 300_000
/** An image that could not be pulled for so long will not come: a slow one says ContainerCreating. */
const imageDeadlineMs = 60_000

/** Namespaces, the agent, services and pods of one cluster. */
export function workloadStep(parts: ManifestParts, cluster: Cluster): KubeStep {
  const { sessionId } = parts
  const differences = async (context: StepContext) => {
    const [{ nodes }, found] = await Promise.all([
      cluster.facts(context),
      ownObjects(cluster, sessionId, context),
    ])
    return compareObjects(manifestsFor(parts, cluster, nodes), found)
  }
  return {
    name: `start workloads in ${cluster.name}`,
    commands: [cluster.applyCommand(shortened(manifestsFor(parts, cluster, plannedNodes(cluster))))],
    isDone: async (context) => {
      const { missing, stale, notReady } = await differences(context)
      return missing.length === 0 && stale.length === 0 && notReady.length === 0
    },
    run: async (context) => {
      const { missing, stale } = await differences(context)
      await refuseForeignNamespaces(cluster, missing, sessionId, context)
      // Pods cannot be changed in place, and what nobody wants any more could answer in somebody else's stead.
      for (const { kind, metadata } of stale) {
        const name = `${kind.toLowerCase()}/${metadata.name}`
        // The pods of a Job that is gone would go on being found for a while.
        const cascade = kind === 'Job' ? ['--cascade=foreground'] : []
        await cluster.call(cluster.deleteCommand([name], metadata.namespace, cascade), context)
      }
      const late = missing.filter(({ kind }) => runsPods(kind))
      const early = missing.filter(({ kind }) => !runsPods(kind))
      // The admission of a pod needs its service account, which a list alone does not wait for.
      if (early.length > 0) await cluster.apply(early, context)
      if (late.length > 0) await cluster.apply(late, context)
      const ready = waitUntilReady(
        {
          name: `pods of ${cluster.name} are Ready`,
          deadlineMs: cluster.deadlineMs(podDeadlineMs),
          check: async (inner) => {
            const { notReady } = await differences(inner)
            return notReady.length === 0 ? null : notReady.join('; ')
          },
          isHopeless: (problem, waitedMs) =>
            isImageProblem(problem) && waitedMs >= cluster.deadlineMs(imageDeadlineMs),
          explain: explainPod,
        },
        context,
      )
      await ready.catch((error: unknown) => {
        if (!(error instanceof HopmeterError) || !isImageProblem(error.message)) throw error
        const hint = error.hint === undefined ? {} : { hint: error.hint }
        throw new MissingImageError(error.message, { cause: error, ...hint })
      })
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

/** A namespace of that name that hopmeter did not make is not touched. */
async function refuseForeignNamespaces(
  cluster: Cluster,
  missing: readonly Manifest[],
  sessionId: string,
  context: StepContext,
): Promise<void> {
  for (const { metadata } of missing.filter(({ kind }) => kind === 'Namespace')) {
    const found = await cluster.find<KubeObject>(['namespace', metadata.name], {}, context)
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

/** For `plan`: nodes by the names that they will have. */
function plannedNodes({ nodes }: Cluster): readonly NodeFacts[] {
  return (nodes?.names ?? []).map((name, i) => ({ name, number: i + 1, address: '', podCidr: '' }))
}

/** The agent's source has 700 kB, which nobody wants to read in a plan. */
function shortened(objects: readonly Manifest[]): readonly Manifest[] {
  return objects.map((object) =>
    object.kind === 'ConfigMap'
      ? { ...object, data: { 'agent.mjs': '(the bundled agent: dist/agent.mjs)' } }
      : object,
  )
}
