import type { ComponentCpu, CpuSource } from '../../backend.ts'
import { nodeCgroupReader } from '../../kind/node-cgroups/node-cgroups.ts'
import type { StepContext } from '../steps/step.ts'
import { cadvisorReader } from './cadvisor.ts'
import type { CpuParts } from './watched-pods.ts'

/** CPU times of the pods of a testbed. */
export interface PodCpu {
  readonly source: CpuSource
  /** Leaves out what cannot be read any more; never throws. */
  read(): Promise<readonly ComponentCpu[]>
}

/**
 * Finds a way to read CPU times: on kind's nodes the cgroups of the pods, elsewhere the kubelets' cAdvisor counters.
 * Undefined, and said, where neither can be read: nothing else depends on it.
 */
export async function openPodCpu(
  parts: CpuParts,
  backend: 'kind' | 'contexts',
  context: StepContext,
): Promise<PodCpu | undefined> {
  try {
    const read =
      backend === 'kind' ? await nodeCgroupReader(parts, context) : await cadvisorReader(parts, context)
    const first = await read()
    if (first.length === 0) throw new Error('no pod of the testbed has any')
    const name = backend === 'kind' ? 'cgroup' : 'cadvisor'
    return {
      // Control planes and kubelets on kind are other load: they take the same CPUs, and no path visits them.
      source: { name, perTurn: backend === 'kind', coversTestbed: backend === 'kind' },
      read: () => read().catch(() => []),
    }
  } catch (error) {
    context.signal.throwIfAborted()
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    context.progress(`CPU times of components are not known: ${why}`)
    return undefined
  }
}
