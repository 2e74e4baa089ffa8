import { agentProtocolVersion, type ServeConfig } from '../../agent/protocol.ts'
import type { Delay } from '../../scenario/types.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { serverPort } from '../../plan/names.ts'
import { trustDomain } from '../../plan/spiffe.ts'
import type { LabCommand, LabStep } from './command.ts'
import type { ComponentConfig, Identity } from './components/protocol.ts'
import type { RelayConfig } from './delay/protocol.ts'
import { delayedPairs, type DelayMethod } from './delay/steps.ts'
import { variantOf, type ChosenVariant } from './variants.ts'
import { envoyCommand, envoyFile } from './engines/envoy/command.ts'
import { haproxyCommand, haproxyFile } from './engines/haproxy/command.ts'
import { ztunnelCommand, ztunnelFiles, ztunnelNamespaceCommands } from './engines/ztunnel/command.ts'
import type { PlannedZtunnel } from './engines/ztunnel/plan-ztunnels.ts'
import type { CompanionConfig } from './engines/ztunnel/protocol.ts'
import type { LabLayout } from './layout.ts'
import type { Mesh } from './mesh.ts'
import type { LabOptions } from './options.ts'
import { programs, warmSoon } from './programs.ts'
import { relayAddress, underlay } from './underlay.ts'
import type { RoutePrograms } from './routes/route-mode.ts'
import { labRouteModes } from './routes/route-modes.ts'
import { vxlanPort } from './routes/vxlan.ts'

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
  variants: readonly ChosenVariant[],
): readonly LabStep[] {
  const relay =
    delayMethod === 'userspace-vxlan'
      ? [withInput(delayRelayCommand(underlay.netns), relayConfig(layout, plan.scenario.delays))]
      : []
  const { programs: routing } = labRouteModes[layout.routeMode]
  const components = mesh.components.flatMap((component) =>
    programCommands(
      component.netns,
      component.config(shownIdentity),
      variantOf(variants, component.component.variant),
    ),
  )
  const ztunnels = mesh.ztunnels.flatMap((planned) =>
    ztunnelCommands(variantOf(variants, planned.component.variant), planned),
  )
  const servers = serverConfigs(plan, layout).map((config) => withInput(serverCommand(config.pod), config))
  return [
    { name: 'start the relay that delays packets (stays)', commands: relay },
    ...(routing === undefined ? [] : [routingStep(layout, routing)]),
    {
      name: 'start ztunnels, gateways and load balancers (stay)',
      commands: [...ztunnels, ...components],
    },
    { name: 'start echo servers (stay)', commands: servers },
  ].filter(({ commands }) => commands.length > 0)
}

function routingStep(layout: LabLayout, { what, of }: RoutePrograms): LabStep {
  return {
    name: `start ${what} (stays), and wait for its routes`,
    commands: of(layout).map(({ command }) => command),
  }
}

/** Who plays the role is said by `engines`; what a program reads from a file is shown as its input. */
function programCommands(
  netns: string,
  config: ComponentConfig,
  { engines: { envoy, haproxy }, tuning }: ChosenVariant,
): readonly LabCommand[] {
  if (config.role === 'gateway' && envoy !== undefined) {
    const { file, content } = envoyFile(config)
    return [{ file: 'tee', args: [file], input: content }, envoyCommand(envoy, netns, file, tuning)]
  }
  if (config.role === 'load-balancer' && haproxy !== undefined) {
    const { file, content } = haproxyFile(config, tuning)
    return [{ file: 'tee', args: [file], input: content }, haproxyCommand(haproxy, netns, file)]
  }
  return [withInput(componentCommand(netns), config)]
}

/** A real ztunnel and what stands beside it for istiod and istio-cni. */
function ztunnelCommands(
  { engines: { ztunnel = 'ztunnel' }, tuning }: ChosenVariant,
  planned: PlannedZtunnel,
): readonly LabCommand[] {
  const files = ztunnelFiles(planned)
  const { name, identities, pods } = planned
  const companion: CompanionConfig = {
    role: 'ztunnel-companion',
    trustDomain,
    authority: { rootPem: keysLater, rootKeyPem: keysLater },
    identities,
    zdsSocket: files.zdsSocket,
    pods,
  }
  const { env = {}, ...command } = ztunnelCommand(ztunnel, planned, files, keysLater, tuning)
  const shownEnv = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  return [
    ...ztunnelNamespaceCommands(name),
    withInput({ netns: name, file: process.execPath, args: [programs.ztunnelCompanion] }, companion),
    { file: 'tee', args: [files.config], input: files.content },
    { ...command, file: 'env', args: [...shownEnv, command.file, ...command.args] },
  ]
}

function shownIdentity(spiffe: string): Identity {
  return { spiffe, certPem: keysLater, keyPem: keysLater, rootPem: keysLater }
}

function withInput(command: LabCommand, config: object): LabCommand {
  return { ...command, input: `${JSON.stringify(config)}\n` }
}
