import { CommandError, HopmeterError } from '../../../errors.ts'
import type { Command } from '../../backend.ts'
import { waitUntilReady } from '../../kubernetes/steps/run-steps.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'

/** kindnet's chain: it ends with MASQUERADE, so what must keep its address has to return before. */
const masqueradeChain = 'KIND-MASQ-AGENT'
const kindnetDeadlineMs = 120_000

/** Lets packets from pods of a node to these CIDRs keep their source address; waits for kindnet's rules first. */
export async function keepAddresses(
  tools: Toolbox,
  node: string,
  cidrs: readonly string[],
  context: StepContext,
): Promise<void> {
  await waitForKindnet(tools, node, context)
  for (const cidr of missingReturns(await readMasquerade(tools, node, context), cidrs)) {
    await tools.call(keepAddressCommand(tools, node, cidr), context)
  }
}

export function keepAddressCommand(tools: Toolbox, node: string, cidr: string): Command {
  const rule = ['-t', 'nat', '-I', masqueradeChain, '1', '-d', cidr, '-j', 'RETURN']
  return tools.docker(['exec', node, 'iptables', ...rule])
}

/** Rules of kindnet's chain; undefined while there is none. */
export async function readMasquerade(
  tools: Toolbox,
  node: string,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly string[] | undefined> {
  const command = tools.docker(['exec', node, 'iptables', '-t', 'nat', '-S', masqueradeChain])
  try {
    const text = await tools.call(command, context)
    if (!text.includes(masqueradeChain))
      throw new HopmeterError(`node ${node} lists no rules: ${text.slice(0, 200)}`)
    return text.split('\n').filter((line) => line.startsWith('-A '))
  } catch (error) {
    context.signal.throwIfAborted()
    if (error instanceof CommandError && /No chain|is incompatible/.test(error.output)) return undefined
    throw error
  }
}

/** CIDRs that have no RETURN before the first MASQUERADE. */
export function missingReturns(
  rules: readonly string[] | undefined,
  cidrs: readonly string[],
): readonly string[] {
  const all = rules ?? []
  const end = all.findIndex((rule) => rule.includes('-j MASQUERADE'))
  const before = end === -1 ? all : all.slice(0, end)
  return cidrs.filter(
    (cidr) => !before.some((rule) => rule.includes(`-d ${cidr} `) && rule.endsWith('-j RETURN')),
  )
}

/** kindnet makes its chain some seconds after a node was started, and again after a restart. */
async function waitForKindnet(tools: Toolbox, node: string, context: StepContext): Promise<void> {
  await waitUntilReady(
    {
      name: `kindnet of ${node} has its rules`,
      deadlineMs: tools.deadlineMs(kindnetDeadlineMs),
      check: async (inner) =>
        (await readMasquerade(tools, node, inner)) === undefined ? `no chain ${masqueradeChain}` : null,
      explain: () =>
        'its network plugin is not the kindnet that hopmeter knows: hopmeter tools list has node images',
    },
    context,
  )
}
