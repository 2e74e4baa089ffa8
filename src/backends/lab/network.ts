import { existsSync } from 'node:fs'
import { CommandError, EnvironmentError } from '../../errors.ts'
import type { Delay } from '../../scenario/types.ts'
import type { Anchor } from './anchor.ts'
import { captureStep } from './capture.ts'
import type { LabStep } from './command.ts'
import { delaySteps, podMtu, type DelayMethod } from './delay/steps.ts'
import type { LabLayout } from './layout.ts'
import type { Capture } from './mesh.ts'
import { addressStep, bridgeNetfilterSysctl, namespaceStep, staticRouteStep } from './network-steps.ts'
import { labRouteModes } from './routes/route-modes.ts'

/** Everything of a lab that is not a process. */
export interface LabNetwork {
  readonly layout: LabLayout
  readonly captures: readonly Capture[]
  readonly delays: readonly Delay[]
  readonly delayMethod: DelayMethod
  readonly bridgeNetfilter: boolean
}

/**
 * The steps that make the network. Phases run one after the other; the steps of a phase do not depend on each
 * other and run together.
 */
export function networkPhases(network: LabNetwork): readonly (readonly LabStep[])[] {
  const { layout, captures, delays, delayMethod, bridgeNetfilter } = network
  const mtu = podMtu(layout, delayMethod)
  const mode = labRouteModes[layout.routeMode]
  const config = mode.configSteps?.(layout) ?? []
  const [first, ...later] = mode.routeSteps?.(layout, mtu) ?? []
  return [
    [namespaceStep(layout)],
    [addressStep(layout, { podMtu: mtu, bridgeNetfilter }), captureStep(captures), ...config],
    // Before routes: next hops resolve through delayed links where those exist.
    delaySteps(layout, delays, delayMethod),
    [staticRouteStep(layout), ...(first ? [first] : [])],
    ...later.map((step) => [step]),
  ]
    .map((phase) => phase.filter((step) => step.commands.length > 0))
    .filter((phase) => phase.length > 0)
}

/** Whether packets between pods of one node pass through netfilter unless told not to. */
export function hasBridgeNetfilter(): boolean {
  return existsSync(bridgeNetfilterSysctl)
}

/** @throws EnvironmentError when the kernel lacks what a step needs, CommandError when a command fails otherwise. */
export async function makeNetwork(
  anchor: Anchor,
  network: LabNetwork,
  progress: (message: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (const phase of networkPhases(network)) {
    for (const step of phase) progress(step.name)
    await runTogether(anchor, phase, signal)
  }
}

/** Waits for all commands, also after a failure, so that none is still at work when the lab is taken down. */
async function runTogether(anchor: Anchor, phase: readonly LabStep[], signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  const runs = phase.flatMap((step) =>
    step.commands.map(async (command) => {
      try {
        await anchor.run(command, signal)
      } catch (error) {
        signal?.throwIfAborted()
        throw explain(step, error)
      }
    }),
  )
  const failed = (await Promise.allSettled(runs)).find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

function explain(step: LabStep, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error
  const unknownDevice = /Unknown device type|RTNETLINK answers: Operation not supported/.test(error.output)
  if (!unknownDevice) return error
  return new EnvironmentError(`this kernel cannot ${step.name}: ${error.output}`, {
    hint: 'load the kernel modules veth, bridge and vxlan (modprobe, as root); on Ubuntu cloud kernels they are in linux-modules-extra',
    cause: error,
  })
}
