import type { Delay } from '../../../scenario/types.ts'
import type { LabCommand } from '../command.ts'
import type { LabLayout } from '../layout.ts'
import type { LineProcess } from '../line-process.ts'
import { lineProgram, type PlannedProgram } from '../planned-program.ts'
import { programs } from '../programs.ts'
import { vxlanPort } from '../routes/vxlan.ts'
import { relayAddress, underlay } from '../underlay.ts'
import type { RelayConfig } from './protocol.ts'
import { delayedPairs } from './steps.ts'

export function delayRelayCommand(netns: string): LabCommand {
  return { netns, file: process.execPath, args: [programs.delayRelay] }
}

/** Delays packets where the kernel cannot. */
export function relayProgram(layout: LabLayout, delays: readonly Delay[]): PlannedProgram<LineProcess> {
  const config: RelayConfig = {
    role: 'relay',
    host: relayAddress,
    port: vxlanPort,
    pairs: delayedPairs(layout, delays),
  }
  return lineProgram('delay relay', delayRelayCommand(underlay.netns), () => config)
}
