import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../../../errors.ts'
import { plural } from '../../../plural.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { hasCondition, type PodObject } from '../../kubernetes/cluster/objects.ts'
import { MissingImageError } from '../../kubernetes/steps/missing-image.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { systemNamespace } from '../../../plan/names.ts'

const pauseMs = 2000
const tellEveryMs = 15_000
/** A component may start before what it needs; from then on it keeps crashing. */
const hopelessRestarts = 3

/** A line of a log that explains something. */
const complaint = /\b(?:warn\w*|error|critical|fatal|panic|rejected|refused)\b/i

type PodState = Pick<PodObject, 'metadata' | 'status'>

/** A pod that will not come up by waiting. */
export interface PodProblem {
  readonly kind: 'image' | 'crash'
  readonly pod: string
  readonly image: string
  readonly reason: string
  readonly message: string
}

/** Kubernetes' own words for an image that will not come by waiting; one failed pull alone may pass. */
const hopelessImage = new Set(['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'])

export function podProblem(pods: readonly PodState[]): PodProblem | undefined {
  for (const { metadata, status } of pods) {
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    for (const { image = 'unknown', state, restartCount = 0 } of containers) {
      const { reason, message = '' } = state?.waiting ?? {}
      const found = { pod: metadata.name, image, reason: reason ?? '', message }
      if (reason !== undefined && hopelessImage.has(reason)) return { kind: 'image', ...found }
      if (reason === 'CrashLoopBackOff' && restartCount >= hopelessRestarts)
        return { kind: 'crash', ...found }
    }
  }
  return undefined
}

/**
 * Watches the pods of the system namespace until the signal ends it: istioctl itself waits its whole deadline for a pod
 * that cannot start, component after component.
 * @throws EnvironmentError that names the image, or what a crashing component says.
 */
export async function watchPods(cluster: Cluster, context: StepContext): Promise<never> {
  const startedAt = performance.now()
  let nextTellMs = tellEveryMs
  for (;;) {
    await sleep(pauseMs, undefined, { signal: context.signal })
    const pods = await readPods(cluster, context).catch(() => undefined)
    const problem = pods && (await problemOf(cluster, pods, context).catch(() => undefined))
    context.signal.throwIfAborted()
    if (problem) throw problem
    const waitedMs = performance.now() - startedAt
    if (waitedMs < nextTellMs) continue
    nextTellMs = waitedMs + tellEveryMs
    const missing = pods ? notReady(pods) : 'its API does not answer'
    context.progress(`Istio in ${cluster.name}: ${missing} (${Math.round(waitedMs / 1000)} s)`)
  }
}

/** What is waited for, e.g. `waiting for istiod-5d8: ContainerCreating`. */
function notReady(pods: readonly PodState[]): string {
  const waiting = pods.flatMap(({ metadata: { name }, status }) => {
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    const reason = containers.find(({ state }) => state?.waiting)?.state?.waiting?.reason
    return hasCondition(status, 'Ready') ? [] : [`${name}: ${reason ?? status?.phase ?? 'no state yet'}`]
  })
  if (pods.length === 0) return 'it has no pod yet'
  return waiting.length === 0 ? 'its pods are Ready, istioctl goes on' : `waiting for ${waiting.join(', ')}`
}

/** What keeps a pod of the system namespace from coming up, as an error that says what to do. @throws CommandError */
export async function findPodProblem(
  cluster: Cluster,
  context: Pick<StepContext, 'signal'>,
): Promise<EnvironmentError | undefined> {
  return await problemOf(cluster, await readPods(cluster, context), context)
}

/**
 * Why pods of the system namespace are not Ready: the last complaint in the log of the first.
 * @param prefix of their names
 * @returns undefined where there is no such pod
 */
export async function whatPodsSay(
  cluster: Cluster,
  prefix: string,
  context: Pick<StepContext, 'signal'>,
): Promise<string | undefined> {
  const pods = (await readPods(cluster, context)).filter(({ metadata }) =>
    metadata.name.startsWith(`${prefix}-`),
  )
  const waiting = pods.find(({ status }) => !hasCondition(status, 'Ready'))
  if (!waiting) return pods.length === 0 ? undefined : 'its deployment is not available'
  const { name } = waiting.metadata
  const restarts = waiting.status?.containerStatuses?.[0]?.restartCount ?? 0
  const log = await cluster.logs(systemNamespace, name, ['--tail', '60'], context).catch(() => '')
  const said = log.split('\n').findLast((line) => complaint.test(line))
  return [
    `${name} is not ready`,
    ...(restarts === 0 ? [] : [`restarted ${plural(restarts, 'time')}`]),
    ...(said === undefined ? [] : [`it says: ${said.trim().slice(0, 400)}`]),
  ].join(', ')
}

function readPods(cluster: Cluster, context: Pick<StepContext, 'signal'>): Promise<readonly PodObject[]> {
  return cluster.list<PodObject>('pods', { namespace: systemNamespace }, context)
}

async function problemOf(
  cluster: Cluster,
  pods: readonly PodState[],
  context: Pick<StepContext, 'signal'>,
): Promise<EnvironmentError | undefined> {
  const problem = podProblem(pods)
  if (problem?.kind !== 'crash') return problem && imageError(problem, cluster)
  const log = cluster.logs(systemNamespace, problem.pod, ['--tail', '60'], context)
  return crashError(problem, await log.catch(() => ''), cluster)
}

function imageError({ pod, image, reason, message }: PodProblem, cluster: Cluster): EnvironmentError {
  const detail = message === '' ? '' : `: ${message}`
  const remedy = cluster.nodes?.imageRemedy(image) ?? 'make the image present on the nodes'
  return new MissingImageError(`${pod} cannot get its image ${image} (${reason})${detail}`, {
    hint: `${remedy}; for images of your own: --istio-hub, --istio-tag (they need the tag with -distroless, too)`,
  })
}

export function crashError({ pod }: PodProblem, log: string, cluster: Cluster): EnvironmentError {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  const said = lines.findLast((line) => /error|panic|fatal/i.test(line)) ?? lines.at(-1) ?? 'nothing'
  const isInotify = /too many open files|inotify/i.test(said)
  return new EnvironmentError(
    `${pod} of ${cluster.name} keeps crashing; it says: ${said.trim().slice(0, 400)}`,
    {
      hint: isInotify
        ? 'all clusters share this machine’s inotify instances: sysctl fs.inotify.max_user_instances=1024 (as root; hopmeter doctor --backend kind checks it)'
        : `kubectl --kubeconfig ${cluster.kubeconfig} --namespace ${systemNamespace} logs ${pod} --previous`,
    },
  )
}
