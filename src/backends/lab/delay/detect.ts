import { EnvironmentError } from '../../../errors.ts'
import { openAnchor, type Anchor } from '../anchor.ts'
import { batch, ipBatch, type LabCommand } from '../command.ts'
import { vxlanPort } from '../routes/vxlan.ts'
import { netemLines, type DelayMethod } from './steps.ts'

/** Finds out by trying, inside namespaces that are open already: module lists do not tell what may be loaded. */
export async function detectDelayMethod(anchor: Anchor, signal?: AbortSignal): Promise<DelayMethod> {
  const netns = 'probe'
  const succeeds = async (command: LabCommand) => {
    try {
      await anchor.run(command, signal)
      return true
    } catch {
      signal?.throwIfAborted()
      return false
    }
  }
  if (!(await succeeds({ file: 'ip', args: ['netns', 'add', netns] }))) return 'none'
  // All that the netem steps use: netem alone would delay every packet of a device.
  const netem = netemLines('lo', [{ delayMs: 1, destinations: ['198.18.0.0/16'] }])
  const vxlan = `link add probe0 type vxlan id 1 dstport ${vxlanPort}`
  const hasNetem = await succeeds(batch('tc', netns, netem))
  const hasVxlan = hasNetem || (await succeeds(ipBatch(netns, [vxlan])))
  await succeeds({ file: 'ip', args: ['netns', 'delete', netns] })
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
