import { availableParallelism } from 'node:os'
import type { HostFacts } from '../kubernetes/cluster/host-facts.ts'
import type { CallOptions, Toolbox } from '../kubernetes/tools/toolbox.ts'

/** What the nodes of all clusters share: this machine, and the cgroups of Docker's. @throws CommandError */
export async function hostFacts(tools: Toolbox, options: CallOptions): Promise<HostFacts> {
  const info = tools.docker(['info', '--format', '{{json .}}'])
  const { CgroupVersion: version } = await tools.json<{ readonly CgroupVersion?: string }>(info, options)
  return {
    cores: availableParallelism(),
    // What a daemon does not know is not known; it is no version 0.
    ...(/^[12]$/.test(version ?? '') ? { cgroupVersion: Number(version) } : {}),
  }
}
