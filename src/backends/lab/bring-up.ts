import { HopmeterError } from '../../errors.ts'
import { plural } from '../../plural.ts'
import { canDieWithUs } from '../../process/death-signal.ts'
import { findOrphans } from '../../process/owner.ts'
import { seededRandom, shuffled } from '../../random.ts'
import type { BackendContext } from '../backend.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { openAnchor, type Anchor } from './anchor.ts'
import { sharedCpu } from './cpus.ts'
import { detectDelayMethod, requireDelay } from './delay/detect.ts'
import { verifyDelays } from './delay/verify.ts'
import type { DelayMethod } from './delay/steps.ts'
import { nameEngines } from './engines/engines.ts'
import { layOut } from './layout.ts'
import { planMesh, type Mesh } from './mesh.ts'
import { hasBridgeNetfilter, makeNetwork } from './network.ts'
import type { LabOptions } from './options.ts'
import { createMeshAuthority } from './pki.ts'
import type { LabKeys, StartPlace } from './planned-program.ts'
import { programGroups, type ProgramGroup, type ProgramGroups } from './program-groups.ts'
import { requirePrograms } from './programs.ts'
import { trustDomain } from '../../plan/spiffe.ts'
import { labRouteModes } from './routes/route-modes.ts'
import { LabTestbed, processesOf, type LabPrograms } from './testbed.ts'
import { toolEnv, toolVersion, withoutSetpriv, type Tool } from './tools.ts'
import { findVariants, realZtunnelAt } from './variants.ts'

/**
 * Stands a lab up.
 * @throws UsageError, EnvironmentError, CommandError or HopmeterError; nothing is left behind then, nor on abort.
 */
export async function bringUp(plan: Plan, context: BackendContext, options: LabOptions): Promise<LabTestbed> {
  const { signal, progress } = context
  const layout = layOut(plan, options.misroute)
  const mesh = planMesh(plan, layout, options.misroute, realZtunnelAt(options))
  requirePrograms()
  const variants = await findVariants(options, signal)
  const versions = await toolVersions(plan, signal)
  noteWhatMayBeLeft(context)
  progress('open private namespaces')
  const anchor = await openAnchor(signal, options.isolation)
  try {
    const delayMethod = await chooseDelayMethod(anchor, plan, options, signal)
    const { delays } = plan.scenario
    const { bridgeNetfilter = hasBridgeNetfilter() } = options
    const network = { layout, captures: mesh.captures, delays, delayMethod, bridgeNetfilter }
    const [keys] = await together([issueKeys(mesh), makeNetwork(anchor, network, progress, signal)])
    const { serverFaults } = options
    const groups = programGroups({ plan, layout, mesh, delayMethod, variants, serverFaults })
    const place = { anchor, keys }
    const relays = await startGroup(groups.relays, place, context)
    progress(groups.forwarding.name)
    progress(groups.servers.name)
    const cpu = sharedCpu(plan.scenario.loads, options.cpus)
    const start = async (seed: number, stop: AbortSignal) => {
      const programs = await startPrograms(groups, place, seed, stop)
      if (cpu !== undefined) await Promise.all(processesOf(programs).map((one) => one.moveToCpu(cpu, stop)))
      return programs
    }
    const [running, routing] = await together([start(0, signal), startGroup(groups.routing, place, context)])
    const delayFacts = await verifyDelays(anchor, layout, delays, progress, signal)
    if (cpu !== undefined) await Promise.all(relays.map((relay) => relay.moveToCpu(cpu, signal)))
    const cpus = cpu === undefined ? 'all' : `CPU ${cpu} for all programs`
    const facts = { ...factsOf(anchor, versions, bridgeNetfilter), cpus, ...delayFacts }
    const helpers = [...relays, ...routing]
    const engines = variants.map(({ name, engines: found }) => ({
      name,
      ...nameEngines(found, layout, mesh.captures.length > 0),
    }))
    return new LabTestbed(
      { anchor, plan, layout, mesh, engines, cpu, start, helpers, delayMethod, facts },
      running,
    )
  } catch (error) {
    await anchor.close()
    // What an abort breaks fails in many ways; the abort is the reason.
    signal.throwIfAborted()
    throw error
  }
}

/** What was left by a hopmeter that was killed, and what this one would leave. */
function noteWhatMayBeLeft({ note }: BackendContext): void {
  const left = findOrphans().length
  const processes = plural(left, 'process', 'processes')
  if (left > 0) note?.(`${processes} left by a hopmeter that was killed: hopmeter down --orphans ends them`)
  if (!canDieWithUs(toolEnv['PATH'])) note?.(`setpriv: ${withoutSetpriv}`)
}

/** Like Promise.all, but waits for every part, so that nothing is still starting when the lab is taken down. */
async function together<T extends readonly Promise<unknown>[]>(
  parts: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(parts)
  return await Promise.all(parts)
}

async function chooseDelayMethod(
  anchor: Anchor,
  plan: Plan,
  options: LabOptions,
  signal: AbortSignal,
): Promise<DelayMethod> {
  if (plan.scenario.delays.length === 0) return 'none'
  const method = options.delayMethod ?? (await detectDelayMethod(anchor, signal))
  requireDelay(method)
  return method
}

async function issueKeys(mesh: Mesh): Promise<LabKeys> {
  const authority = await createMeshAuthority(trustDomain)
  const names = new Set(mesh.components.flatMap(({ identities }) => identities))
  const issued = await Promise.all([...names].map((spiffe) => authority.issue(spiffe)))
  const bySpiffe = new Map(issued.map((identity) => [identity.spiffe, identity]))
  return {
    authority: await authority.keys(),
    identity: (spiffe) => {
      const identity = bySpiffe.get(spiffe)
      if (!identity) throw new HopmeterError(`no keys were made for ${spiffe}`)
      return identity
    },
  }
}

/** Starts the programs of a group, if it has any, and waits for all. */
async function startGroup<Running>(
  { name, programs }: ProgramGroup<Running>,
  place: StartPlace,
  { progress, signal }: BackendContext,
): Promise<readonly Running[]> {
  if (programs.length === 0) return []
  progress(name)
  return await together(programs.map((program) => program.start(place, signal)))
}

/** Starts what a restart starts anew, all at once; the seed shuffles who comes first. */
async function startPrograms(
  groups: ProgramGroups,
  place: StartPlace,
  seed: number,
  signal: AbortSignal,
): Promise<LabPrograms> {
  const random = seededRandom(seed)
  const shuffledStart = <Running>({ programs }: ProgramGroup<Running>) =>
    together(shuffled(programs, random).map((program) => program.start(place, signal)))
  const [forwarding, servers] = await together([
    shuffledStart(groups.forwarding),
    shuffledStart(groups.servers),
  ])
  return { forwarding, servers }
}

type Versions = Readonly<Partial<Record<Tool, string>>>

/** Versions of the programs that this plan needs. @throws EnvironmentError when one is missing. */
async function toolVersions(plan: Plan, signal: AbortSignal): Promise<Versions> {
  const { tools: extra = [] } = labRouteModes[plan.scenario.routeMode]
  const tools: readonly Tool[] = ['ip', 'nft', ...extra]
  const versions = await Promise.all(tools.map((tool) => toolVersion(tool, signal)))
  return Object.fromEntries(tools.map((tool, i) => [tool, versions[i]]))
}

function factsOf(
  anchor: Anchor,
  versions: Versions,
  bridgeNetfilter: boolean,
): Readonly<Record<string, string>> {
  const { ip, nft, bird } = versions
  return {
    isolation: anchor.isolation,
    proc: anchor.proc,
    bridgeNetfilter: bridgeNetfilter ? 'turned off' : 'not in the kernel',
    componentNode: process.version,
    ...(ip === undefined ? {} : { iproute2: ip }),
    ...(nft === undefined ? {} : { nftables: nft }),
    ...(bird === undefined ? {} : { bird }),
  }
}
