import { agentProtocolVersion, type ServeConfig } from '../../agent/protocol.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { serverPort } from '../../plan/names.ts'
import type { LabStep } from './command.ts'
import { relayProgram } from './delay/relay-program.ts'
import type { DelayMethod } from './delay/steps.ts'
import { planForwarding } from './engines/plan-forwarding.ts'
import type { ForwardingProgram } from './engines/forwarding-program.ts'
import type { LabLayout } from './layout.ts'
import type { LineProcess } from './line-process.ts'
import type { Mesh } from './mesh.ts'
import type { LabOptions } from './options.ts'
import { lineProgram, type PlannedProgram } from './planned-program.ts'
import { programs, warmSoon } from './programs.ts'
import type { RunningRouteProgram } from './routes/route-mode.ts'
import { labRouteModes } from './routes/route-modes.ts'
import type { ReadyVariant } from './variants.ts'

/** What programs are derived from. */
interface ProgramSources {
  readonly plan: Plan
  readonly layout: LabLayout
  readonly mesh: Mesh
  readonly delayMethod: DelayMethod
  readonly variants: readonly ReadyVariant[]
  readonly serverFaults?: LabOptions['serverFaults']
}

/** Programs that are started together; of some kinds a lab has none. */
export interface ProgramGroup<Running> {
  /** e.g. `start echo servers (stay)`. */
  readonly name: string
  readonly programs: readonly PlannedProgram<Running>[]
}

/** Every program of a lab. */
export interface ProgramGroups {
  readonly relays: ProgramGroup<LineProcess>
  readonly routing: ProgramGroup<RunningRouteProgram>
  /** Ztunnels, gateways and load balancers, whoever wrote them. */
  readonly forwarding: ProgramGroup<ForwardingProgram>
  readonly servers: ProgramGroup<LineProcess>
}

/** The programs of a lab: what `plan` shows and `up` starts. */
export function programGroups(sources: ProgramSources): ProgramGroups {
  const { layout, delayMethod } = sources
  const { programs: routing } = labRouteModes[layout.routeMode]
  return {
    relays: {
      name: 'start the relay that delays packets (stays)',
      programs: delayMethod === 'userspace-vxlan' ? [relayProgram(layout, sources.plan.scenario.delays)] : [],
    },
    routing: {
      name: `start ${routing?.what ?? 'nothing'} (stays), and wait for its routes`,
      programs: routing?.of(layout) ?? [],
    },
    forwarding: {
      name: 'start ztunnels, gateways and load balancers (stay)',
      programs: planForwarding(sources),
    },
    servers: { name: 'start echo servers (stay)', programs: serverPrograms(sources) },
  }
}

/** As steps of a plan, in the order in which `up` comes to them. */
export function programSteps({ relays, routing, forwarding, servers }: ProgramGroups): readonly LabStep[] {
  return [relays, routing, forwarding, servers]
    .map((group) => ({ name: group.name, commands: group.programs.flatMap(({ commands }) => commands) }))
    .filter(({ commands }) => commands.length > 0)
}

/** The echo servers of a plan: one per server workload. */
function serverPrograms({ plan, layout, serverFaults = {} }: ProgramSources): PlannedProgram<LineProcess>[] {
  return plan.workloads
    .filter(({ role }) => role === 'server')
    .map(({ name, placement }) => {
      const config: ServeConfig = {
        type: 'serve',
        version: agentProtocolVersion,
        host: layout.pods.get(name)?.ip ?? '',
        port: serverPort,
        cluster: placement.cluster,
        pod: name,
        faults: serverFaults[name],
      }
      const command = { netns: name, file: process.execPath, args: [...warmSoon, programs.agent, 'serve'] }
      return lineProgram(name, command, () => config)
    })
}
