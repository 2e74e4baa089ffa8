import type { Scenario } from '../../scenario/types.ts'
import { HopmeterError } from '../../errors.ts'
import { canDieWithUs } from '../../process/death-signal.ts'
import { openAnchor, type Anchor } from './anchor.ts'
import { delayHint, detectDelayMethod } from './delay/detect.ts'
import type { RouteNeed } from './routes/route-mode.ts'
import { labRouteModes } from './routes/route-modes.ts'
import { installHint, toolEnv, toolVersion, withoutSetpriv, type Tool } from './tools.ts'
import { requirePrograms } from './programs.ts'

/** One thing that this machine can do, or not yet. */
export interface LabCheck {
  readonly name: CheckName
  readonly ok: boolean
  /** A version, or what went wrong. */
  readonly detail: string
  /** What to do when it is not ok. */
  readonly remedy?: string | undefined
}

export type CheckName =
  | 'node'
  | 'programs'
  | 'private namespaces'
  | 'setpriv'
  | 'ip'
  | 'nft'
  | 'veth and bridge'
  | 'delay'
  | RouteNeed

export interface LabReport {
  /** Whether scenarios that need nothing special can run. */
  readonly ok: boolean
  readonly checks: readonly LabCheck[]
  readonly scenarios: readonly { readonly name: string; readonly ok: boolean; readonly reason?: string }[]
}

const always: readonly CheckName[] = [
  'node',
  'programs',
  'private namespaces',
  'ip',
  'nft',
  'veth and bridge',
]
const moduleRemedy =
  'modprobe it (as root); on Ubuntu cloud kernels first: apt-get install --yes linux-modules-extra-$(uname -r)'

/** What a scenario needs of the machine. */
export function labNeeds(scenario: Scenario): readonly CheckName[] {
  const { topology, routeMode, delays } = scenario
  const special: CheckName[] = []
  const { needs } = labRouteModes[routeMode]
  if (topology.routes.length > 0 && needs !== undefined) special.push(needs)
  if (delays.length > 0) special.push('delay')
  return [...always, ...special]
}

/** Finds out by trying, in namespaces that are gone afterwards. Never throws. */
export async function labDoctor(scenarios: readonly Scenario[] = []): Promise<LabReport> {
  const checks = await runChecks()
  const failed = new Map(checks.filter(({ ok }) => !ok).map((check) => [check.name, check]))
  return {
    ok: always.every((name) => !failed.has(name)),
    checks,
    scenarios: scenarios.map((scenario) => {
      const missing = labNeeds(scenario).flatMap((need) => failed.get(need) ?? [])
      const reason = missing.map(({ name, detail }) => `${name}: ${detail}`).join('; ')
      return { name: scenario.name, ok: missing.length === 0, ...(reason === '' ? {} : { reason }) }
    }),
  }
}

async function runChecks(): Promise<readonly LabCheck[]> {
  const tools = await Promise.all([toolCheck('ip'), toolCheck('bird')])
  const nft = await toolCheck('nft')
  const own = [nodeCheck(), programsCheck(), deathCheck()]
  let anchor: Anchor
  try {
    anchor = await openAnchor()
  } catch (error) {
    const refused = failure('private namespaces', error)
    const unknown = (['veth and bridge', 'vxlan', 'delay'] as const).map((name) => ({
      name,
      ok: false,
      detail: 'not tried: no private namespaces',
    }))
    return [...own, refused, ...tools, nft, ...unknown]
  }
  try {
    const how = anchor.isolation === 'root' ? 'as root' : 'in a user namespace'
    const isolated: LabCheck = { name: 'private namespaces', ok: true, detail: how }
    const translation = nft.ok ? await translationCheck(anchor, nft) : nft
    return [...own, isolated, ...tools, translation, ...(await networkChecks(anchor))]
  } finally {
    await anchor.close()
  }
}

/** The program alone is not enough: the kernel must know every kind of translation that the lab uses. */
async function translationCheck(anchor: Anchor, installed: LabCheck): Promise<LabCheck> {
  const ruleset = [
    'table ip probe {',
    '  chain output {',
    '    type nat hook output priority -100;',
    '    ip daddr 198.18.0.1 tcp dport 1 redirect to :ip daddr . tcp dport map { 198.18.0.1 . 1 : 2 }',
    '    ip daddr 198.18.0.1 tcp dport 2 dnat to 198.18.0.2:2',
    '  }',
    '  chain postrouting {',
    '    type nat hook postrouting priority 100;',
    '    ct status dnat masquerade',
    '  }',
    '}',
  ]
  try {
    await anchor.run({ file: 'nft', args: ['-f', '-'], input: `${ruleset.join('\n')}\n` })
    return installed
  } catch (error) {
    return { ...failure('nft', error), remedy: 'a kernel with nf_tables and its nat expressions' }
  }
}

async function networkChecks(anchor: Anchor): Promise<readonly LabCheck[]> {
  const link = (name: string, ...type: string[]) => ['link', 'add', 'name', name, 'type', ...type]
  const attempts: readonly (readonly string[])[] = [
    link('veth-a', 'veth', 'peer', 'name', 'veth-b'),
    link('bridge-a', 'bridge'),
  ]
  const method = await detectDelayMethod(anchor)
  return [
    await tried('veth and bridge', anchor, attempts),
    await tried('vxlan', anchor, [link('vxlan-a', 'vxlan', 'id', '1', 'dstport', '4789')]),
    method === 'none'
      ? { name: 'delay', ok: false, detail: 'neither netem nor vxlan in this kernel', remedy: delayHint }
      : { name: 'delay', ok: true, detail: method },
  ]
}

async function tried(
  name: CheckName,
  anchor: Anchor,
  attempts: readonly (readonly string[])[],
): Promise<LabCheck> {
  try {
    for (const args of attempts) await anchor.run({ file: 'ip', args })
    return { name, ok: true, detail: 'available' }
  } catch (error) {
    return { ...failure(name, error), remedy: moduleRemedy }
  }
}

async function toolCheck(tool: Tool & CheckName): Promise<LabCheck> {
  try {
    return { name: tool, ok: true, detail: await toolVersion(tool) }
  } catch (error) {
    return { ...failure(tool, error), remedy: installHint(tool) }
  }
}

function nodeCheck(): LabCheck {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > 20 || (major === 20 && minor >= 19)
  const remedy = ok ? {} : { remedy: 'install Node 20.19 or newer' }
  return { name: 'node', ok, detail: process.versions.node, ...remedy }
}

/** No scenario needs it: without it something may be left, which can be ended. */
function deathCheck(): LabCheck {
  const name = 'setpriv'
  if (canDieWithUs(toolEnv['PATH'])) return { name, ok: true, detail: 'programs end with hopmeter' }
  return { name, ok: false, detail: withoutSetpriv, remedy: installHint('setpriv') }
}

function programsCheck(): LabCheck {
  try {
    requirePrograms()
    return { name: 'programs', ok: true, detail: 'built' }
  } catch (error) {
    return failure('programs', error)
  }
}

function failure(name: CheckName, error: unknown): LabCheck {
  const detail = error instanceof Error ? error.message : String(error)
  const hint = error instanceof HopmeterError ? error.hint : undefined
  return { name, ok: false, detail, ...(hint === undefined ? {} : { remedy: hint }) }
}
