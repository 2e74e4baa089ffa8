import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../../../errors.ts'
import type { KindCluster } from '../../kubernetes/cluster/layout.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { systemNamespace } from '../context.ts'

const pauseMs = 2000
const tellEveryMs = 15_000
/** A component may start before what it needs; from then on it keeps crashing. */
const hopelessRestarts = 3

interface ContainerStatus {
  readonly image?: string
  readonly restartCount?: number
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } }
}

export interface PodStatuses {
  readonly items?: readonly {
    readonly metadata: { readonly name: string }
    readonly status?: {
      readonly phase?: string
      readonly conditions?: readonly { readonly type: string; readonly status: string }[]
      readonly containerStatuses?: readonly ContainerStatus[]
      readonly initContainerStatuses?: readonly ContainerStatus[]
    }
  }[]
}

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

export function podProblem(pods: PodStatuses): PodProblem | undefined {
  for (const { metadata, status } of pods.items ?? []) {
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
export async function watchPods(tools: Toolbox, cluster: KindCluster, context: StepContext): Promise<never> {
  const startedAt = performance.now()
  let nextTellMs = tellEveryMs
  for (;;) {
    await sleep(pauseMs, undefined, { signal: context.signal })
    const pods = await readPods(tools, cluster, context).catch(() => undefined)
    const problem = pods && (await problemOf(tools, cluster, pods, context).catch(() => undefined))
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
export function notReady({ items = [] }: PodStatuses): string {
  const waiting = items.flatMap(({ metadata: { name }, status }) => {
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    const reason = containers.find(({ state }) => state?.waiting)?.state?.waiting?.reason
    const isReady = status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true
    return isReady ? [] : [`${name}: ${reason ?? status?.phase ?? 'no state yet'}`]
  })
  if (items.length === 0) return 'it has no pod yet'
  return waiting.length === 0 ? 'its pods are Ready, istioctl goes on' : `waiting for ${waiting.join(', ')}`
}

/** What keeps a pod of the system namespace from coming up, as an error that says what to do. @throws CommandError */
export async function findPodProblem(
  tools: Toolbox,
  cluster: KindCluster,
  context: Pick<StepContext, 'signal'>,
): Promise<EnvironmentError | undefined> {
  return await problemOf(tools, cluster, await readPods(tools, cluster, context), context)
}

function readPods(
  tools: Toolbox,
  cluster: KindCluster,
  context: Pick<StepContext, 'signal'>,
): Promise<PodStatuses> {
  const list = ['--namespace', systemNamespace, 'get', 'pods', '-o', 'json']
  return tools.json<PodStatuses>(tools.kubectl(cluster, list), context)
}

async function problemOf(
  tools: Toolbox,
  cluster: KindCluster,
  pods: PodStatuses,
  context: Pick<StepContext, 'signal'>,
): Promise<EnvironmentError | undefined> {
  const problem = podProblem(pods)
  if (problem?.kind !== 'crash') return problem && imageError(problem, cluster.kindName)
  const log = tools.kubectl(cluster, [
    ...['--namespace', systemNamespace],
    ...['logs', problem.pod, '--tail', '60'],
  ])
  return crashError(problem, await tools.call(log, context).catch(() => ''), cluster)
}

export function imageError({ pod, image, reason, message }: PodProblem, kindName: string): EnvironmentError {
  const detail = message === '' ? '' : `: ${message}`
  return new EnvironmentError(`${pod} cannot get its image ${image} (${reason})${detail}`, {
    hint: `docker pull ${image} && kind load docker-image ${image} --name ${kindName}; for images of your own: --istio-hub, --istio-tag (they need the tag with -distroless, too)`,
  })
}

export function crashError({ pod }: PodProblem, log: string, cluster: KindCluster): EnvironmentError {
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
