import type { ComponentCpu, CpuSource } from '../../backend.ts'
import type { StepContext } from '../steps/step.ts'
import type { CpuParts } from './watched-pods.ts'

/** CPU times of the pods of a testbed. */
export interface PodCpu {
  readonly source: CpuSource
  /** Leaves out what cannot be read any more; never throws. */
  read(): Promise<readonly ComponentCpu[]>
}

/** How the owner of clusters reads CPU times of pods. */
export interface CpuMethod {
  readonly source: CpuSource
  /** Finds what there is to read. @throws HopmeterError when it cannot be read. */
  readonly open: (parts: CpuParts, context: StepContext) => Promise<() => Promise<readonly ComponentCpu[]>>
}

/** Undefined, and said, where CPU times cannot be read: nothing else depends on them. */
export async function openPodCpu(
  { source, open }: CpuMethod,
  parts: CpuParts,
  context: StepContext,
): Promise<PodCpu | undefined> {
  try {
    const read = await open(parts, context)
    const first = await read()
    if (first.length === 0) throw new Error('no pod of the testbed has any')
    return { source, read: () => read().catch(() => []) }
  } catch (error) {
    context.signal.throwIfAborted()
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    context.progress(`CPU times of components are not known: ${why}`)
    return undefined
  }
}
