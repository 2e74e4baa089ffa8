import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../../../errors.ts'
import type { StepContext } from '../contract.ts'
import type { KindCluster } from '../layout.ts'
import type { Toolbox } from '../toolbox.ts'
import { systemNamespace } from './parts.ts'

const pauseMs = 2000

interface ContainerStatus {
  readonly image?: string
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } }
}

export interface PodStatuses {
  readonly items?: readonly {
    readonly metadata: { readonly name: string }
    readonly status?: {
      readonly containerStatuses?: readonly ContainerStatus[]
      readonly initContainerStatuses?: readonly ContainerStatus[]
    }
  }[]
}

export interface ImageProblem {
  readonly pod: string
  readonly image: string
  readonly reason: string
  readonly message: string
}

/** Kubernetes' own words for an image that will not come by waiting; one failed pull alone may pass. */
const hopeless = new Set(['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'])

export function imageProblem(pods: PodStatuses): ImageProblem | undefined {
  for (const { metadata, status } of pods.items ?? []) {
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    for (const { image, state } of containers) {
      const { reason, message } = state?.waiting ?? {}
      if (reason !== undefined && hopeless.has(reason)) {
        return { pod: metadata.name, image: image ?? 'unknown', reason, message: message ?? '' }
      }
    }
  }
  return undefined
}

/**
 * Watches the pods of the system namespace until the signal ends it: istioctl itself waits its whole deadline for an
 * image that cannot come, component after component.
 * @throws EnvironmentError that names the image.
 */
export async function watchImages(tools: Toolbox, cluster: KindCluster, context: StepContext): Promise<never> {
  const read = tools.kubectl(cluster, ['--namespace', systemNamespace, 'get', 'pods', '-o', 'json'])
  for (;;) {
    await sleep(pauseMs, undefined, { signal: context.signal })
    const pods = await tools.json<PodStatuses>(read, context).catch(() => undefined)
    context.signal.throwIfAborted()
    const problem = pods && imageProblem(pods)
    if (problem) throw imageError(problem, cluster.kindName)
  }
}

export function imageError({ pod, image, reason, message }: ImageProblem, kindName: string): EnvironmentError {
  const detail = message === '' ? '' : `: ${message}`
  return new EnvironmentError(`${pod} cannot get its image ${image} (${reason})${detail}`, {
    hint: `docker pull ${image} && kind load docker-image ${image} --name ${kindName}; for images of your own: --istio-hub, --istio-tag (they need the tag with -distroless, too)`,
  })
}
