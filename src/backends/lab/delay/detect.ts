import { EnvironmentError } from '../../../errors.ts'
import { openAnchor, type Anchor } from '../anchor.ts'
import type { DelayMethod } from './steps.ts'

/** Finds out by trying, inside namespaces that are open already: module lists do not tell what may be loaded. */
export async function detectDelayMethod(anchor: Anchor, signal?: AbortSignal): Promise<DelayMethod> {
  const succeeds = async (file: string, ...args: string[]) => {
    try {
      await anchor.run({ file, args }, signal)
      return true
    } catch {
      signal?.throwIfAborted()
      return false
    }
  }
  const netns = 'probe'
  if (!(await succeeds('ip', 'netns', 'add', netns))) return 'none'
  const tc = ['qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms']
  const link = ['-n', netns, 'link', 'add', 'probe0', 'type', 'vxlan', 'id', '1', 'dstport', '4789']
  const hasNetem = await succeeds('tc', '-n', netns, ...tc)
  const hasVxlan = hasNetem || (await succeeds('ip', ...link))
  await succeeds('ip', 'netns', 'delete', netns)
  return hasNetem ? 'netem' : hasVxlan ? 'userspace-vxlan' : 'none'
}

/** The same in namespaces opened for it; where none can be opened, what a capable machine would use. */
export async function detectDelayMethodAlone(): Promise<DelayMethod> {
  let anchor: Anchor
  try {
    anchor = await openAnchor()
  } catch {
    return 'netem'
  }
  try {
    return await detectDelayMethod(anchor)
  } finally {
    await anchor.close()
  }
}

/** @throws EnvironmentError when a scenario asks for delay and this machine cannot make it. */
export function requireDelay(method: DelayMethod): void {
  if (method !== 'none') return
  throw new EnvironmentError(
    'the scenario delays packets between networks, but this kernel has neither the module sch_netem nor vxlan',
    { hint: delayHint },
  )
}

export const delayHint =
  'modprobe sch_netem (as root); on Ubuntu cloud kernels first: apt-get install --yes linux-modules-extra-$(uname -r)'
