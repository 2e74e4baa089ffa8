import { existsSync } from 'node:fs'
import type { Flow } from '../../../../evidence/flow.ts'
import { parseAccessLine } from '../../../../evidence/ztunnel/access-log.ts'
import { openConnections, parseZtunnelDump } from '../../../../evidence/ztunnel/ztunnel-dump.ts'
import { parseClosedConnections, parseCountedBytes } from '../../../../evidence/ztunnel/ztunnel-metrics.ts'
import type { Reading } from '../../../../evidence/reading.ts'
import type { Anchor } from '../../anchor.ts'
import type { LabCommand } from '../../command.ts'
import type { LineProcess } from '../../line-process.ts'
import { lineProgram, shownKeys, type PlannedProgram } from '../../planned-program.ts'
import { programs } from '../../programs.ts'
import { trustDomain } from '../../../../plan/spiffe.ts'
import type { Tuning } from '../../variants.ts'
import type { EngineBinary } from '../engine-binary.ts'
import { ForeignProgram } from '../foreign-program.ts'
import type { ForwardingProgram } from '../forwarding-program.ts'
import { outsidePath, removePrivateFile, writePrivateFile } from '../private-file.ts'
import { ClosedConnections } from './closed-connections.ts'
import { ztunnelCommand, ztunnelFiles, ztunnelNamespaceCommands } from './command.ts'
import { countedFlows, openFlows, type ZtunnelView } from './flows.ts'
import type { PlannedZtunnel } from './plan-ztunnels.ts'
import type { CompanionConfig, CompanionMessage } from './protocol.ts'

type State = Extract<CompanionMessage, { type: 'state' }>
type Read = Extract<CompanionMessage, { type: 'read' }>

const readyWithinMs = 30_000
const agreeWithinMs = 5000
const companionEndsWithinMs = 2000
const hint =
  'a ztunnel of 1.27 to 1.31 is known to run so; it needs /etc/resolv.conf with a nameserver, and what it says above is its own'

/** The ztunnel of a node by a real one, and beside it what it needs of istiod and of the node's CNI agent. */
export function ztunnelProgram(
  binary: EngineBinary,
  planned: PlannedZtunnel,
  view: ZtunnelView,
  tuning: Tuning = {},
): PlannedProgram<ForwardingProgram> {
  const { name } = planned
  const files = ztunnelFiles(planned)
  const beside = companionProgram(planned, files.zdsSocket)
  const commandWith = (rootPem: string) => ztunnelCommand(binary.path, planned, files, rootPem, tuning)
  return {
    commands: [
      ...ztunnelNamespaceCommands(name),
      ...beside.commands,
      { file: 'tee', args: [files.config], input: files.content },
      withShownEnv(commandWith(shownKeys.authority.rootPem)),
    ],
    start: async (place, signal) => {
      const { anchor } = place
      await makeNamespace(anchor, name, signal)
      await removePrivateFile(anchor, files.zdsSocket)
      await writePrivateFile(anchor, files.config, files.content)
      const companion = await beside.start(place, signal)
      const closed = new ClosedConnections(view)
      const program = new ForeignProgram(anchor, {
        name: `${name} (${binary.title})`,
        command: commandWith(place.keys.authority.rootPem),
        hint,
        onLine: (line) => {
          const reading = parseAccessLine(line)
          if (reading) closed.add(reading)
        },
      })
      const stop = async () => {
        await program.stop()
        await companion.end(companionEndsWithinMs)
      }
      try {
        await waitUntilServing(program, companion, planned, signal)
      } catch (error) {
        await stop()
        throw error
      }
      return {
        name,
        component: planned.component,
        flows: (others) => readFlows(program, companion, closed, view, others),
        assertRunning: () => {
          program.assertRunning()
          companion.assertRunning()
        },
        moveToCpu: async (cpu, move) => {
          await Promise.all([program.moveToCpu(cpu, move), companion.moveToCpu(cpu, move)])
        },
        cpuMs: () => program.cpuMs(),
        throttledMs: () => program.throttledMs(),
        stop,
      } satisfies ForwardingProgram
    },
  }
}

async function makeNamespace(anchor: Anchor, name: string, signal?: AbortSignal): Promise<void> {
  if (existsSync(outsidePath(anchor, `/run/netns/${name}`))) return
  for (const command of ztunnelNamespaceCommands(name)) await anchor.run(command, signal)
}

function companionProgram(
  { name, pods, identities }: PlannedZtunnel,
  zdsSocket: string,
): PlannedProgram<LineProcess> {
  const command = { netns: name, file: process.execPath, args: [programs.ztunnelCompanion] }
  return lineProgram(`companion of ${name}`, command, ({ authority }): CompanionConfig => {
    return { role: 'ztunnel-companion', trustDomain, authority, identities, zdsSocket, pods }
  })
}

/** A command that is typed has its environment before it. */
function withShownEnv({ env = {}, ...command }: LabCommand): LabCommand {
  const shown = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  return { ...command, file: 'env', args: [...shown, command.file, ...command.args] }
}

/** Its ready port says 200 also without a certificate authority: what counts are pods and certificates. */
async function waitUntilServing(
  program: ForeignProgram,
  companion: LineProcess,
  { identities }: PlannedZtunnel,
  signal?: AbortSignal,
): Promise<void> {
  let last: State | undefined
  try {
    await program.until(
      'is serving its pods',
      async () => {
        last = await companion.ask<State>({ type: 'state' }, 'state')
        const { ready, hasPods, certified } = last
        return ready === 200 && hasPods && identities.every((id) => certified.includes(id))
      },
      { withinMs: readyWithinMs, signal },
    )
  } catch (error) {
    signal?.throwIfAborted()
    throw last === undefined
      ? error
      : program.failure(`does not serve its pods: ${lacks(last, identities)}`, error)
  }
}

function lacks({ ready, hasPods, certified, problems }: State, identities: readonly string[]): string {
  const without = identities.filter((id) => !certified.includes(id))
  return [
    ...(ready === 200 ? [] : [`its ready port ${ready === undefined ? 'does not answer' : `says ${ready}`}`]),
    ...(hasPods ? [] : ['it has not taken the list of its pods (ZDS)']),
    ...(without.length === 0 ? [] : [`it asked for no certificate of ${without.join(', ')}`]),
    ...problems,
  ].join('; ')
}

/** What it carries now, what it has closed, and its counters, from when all three tell the same. */
async function readFlows(
  program: ForeignProgram,
  companion: LineProcess,
  closed: ClosedConnections,
  view: ZtunnelView,
  others: readonly Flow[],
): Promise<readonly Flow[]> {
  let flows: readonly Flow[] = []
  await program.until(
    'tells the same in its log and in its counters',
    async () => {
      const read = await companion.ask<Read>({ type: 'read' }, 'read')
      const dump = must(program, parseZtunnelDump(read.dump))
      const bytes = must(program, parseCountedBytes(read.metrics))
      const over = must(program, closed.reading())
      if (over.count < parseClosedConnections(read.metrics)) return false
      const open = openConnections(dump).filter((c) => !over.justClosed.has(`${c.direction} ${c.src}`))
      const carried = open.flatMap((connection) => openFlows(view, connection, others))
      flows = countedFlows(view, [...over.flows, ...carried], bytes)
      closed.forgetJustClosed()
      return true
    },
    { withinMs: agreeWithinMs },
  )
  return flows
}

function must<T>(program: ForeignProgram, reading: Reading<T>): T {
  if (reading.ok) return reading.value
  throw program.failure(`said something that is not understood: ${reading.cannotRead}`)
}
