import { agentProtocolVersion, type ServeConfig } from '../../agent/protocol.ts'
import type { Delay } from '../../scenario/types.ts'
import { serverPort, type Plan } from '../plan.ts'
import { bgpSpeakers } from './bgp.ts'
import { type LabCommand, type LabStep } from './command.ts'
import type { ComponentConfig, Identity } from './components/protocol.ts'
import type { RelayConfig } from './delay/protocol.ts'
import { delayedPairs, type DelayMethod } from './delay/steps.ts'
import type { LabOptions } from './options.ts'
import type { LabLayout } from './layout.ts'
import type { Mesh } from './mesh.ts'
import { programs, warmSoon } from './programs.ts'
import { relayAddress, underlay } from './underlay.ts'
import { vxlanPort } from './vxlan.ts'

/** Keys are made when the lab starts and are shown nowhere. */
export const keysLater = '(made at start)'

export function componentCommand(netns: string): LabCommand {
  return { netns, file: process.execPath, args: [...warmSoon, programs.component] }
}

export function serverCommand(netns: string): LabCommand {
  return { netns, file: process.execPath, args: [...warmSoon, programs.agent, 'serve'] }
}

export function delayRelayCommand(netns: string): LabCommand {
  return { netns, file: process.execPath, args: [programs.delayRelay] }
}

/** The echo servers of a plan: one per server workload. */
export function serverConfigs(
  plan: Plan,
  layout: LabLayout,
  faults: LabOptions['serverFaults'] = {},
): readonly ServeConfig[] {
  return plan.workloads
    .filter(({ role }) => role === 'server')
    .map(({ name, placement }) => ({
      type: 'serve',
      version: agentProtocolVersion,
      host: layout.pods.get(name)?.ip ?? '',
      port: serverPort,
      cluster: placement.cluster,
      pod: name,
      faults: faults[name],
    }))
}

export function relayConfig(layout: LabLayout, delays: readonly Delay[]): RelayConfig {
  return { role: 'relay', host: relayAddress, port: vxlanPort, pairs: delayedPairs(layout, delays) }
}

/** Steps that start programs, for `plan`; each gets its configuration as a line on standard input. */
export function processSteps(
  plan: Plan,
  layout: LabLayout,
  mesh: Mesh,
  delayMethod: DelayMethod,
): readonly LabStep[] {
  const relay =
    delayMethod === 'userspace-vxlan'
      ? [withInput(delayRelayCommand(underlay.netns), relayConfig(layout, plan.scenario.delays))]
      : []
  const speakers = layout.routeMode === 'bgp' ? bgpSpeakers(layout).map(({ start }) => start) : []
  const components = mesh.components.map((component) =>
    withInput(componentCommand(component.netns), component.config(shownIdentity) satisfies ComponentConfig),
  )
  const servers = serverConfigs(plan, layout).map((config) => withInput(serverCommand(config.pod), config))
  return [
    { name: 'start the relay that delays packets (stays)', commands: relay },
    { name: 'start BIRD on each node (stays), and wait for its routes', commands: speakers },
    { name: 'start ztunnels, gateways and load balancers (stay)', commands: components },
    { name: 'start echo servers (stay)', commands: servers },
  ].filter(({ commands }) => commands.length > 0)
}

function shownIdentity(spiffe: string): Identity {
  return { spiffe, certPem: keysLater, keyPem: keysLater, rootPem: keysLater }
}

function withInput(command: LabCommand, config: object): LabCommand {
  return { ...command, input: `${JSON.stringify(config)}\n` }
}
