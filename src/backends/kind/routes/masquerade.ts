import { CommandError, HopmeterError } from '../../../errors.ts'
import type { Command } from '../../backend.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { waitUntilReady } from '../../kubernetes/steps/wait.ts'
import type { KindCluster } from '../cluster/kind-cluster.ts'
import type { KindNodes } from '../cluster/kind-nodes.ts'

/** kindnet's chain: it ends with MASQUERADE, so what must keep its address has to return before. */
const masqueradeChain = 'KIND-MASQ-AGENT'
const kindnetDeadlineMs = 120_000

/** Lets packets from pods of a node to a CIDR keep their source address. */
export function keepAddressCommand(nodes: KindNodes, node: string, cidr: string): Command {
  const rule = ['-t', 'nat', '-I', masqueradeChain, '1', '-d', cidr, '-j', 'RETURN']
  return nodes.command(node, ['iptables', ...rule])
}

/** Rules of kindnet's chain; undefined while there is none. */
export async function readMasquerade(
  nodes: KindNodes,
  node: string,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly string[] | undefined> {
  try {
    const text = await nodes.run(node, ['iptables', '-t', 'nat', '-S', masqueradeChain], context)
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
export async function waitForKindnet(
  cluster: KindCluster,
  node: string,
  context: StepContext,
): Promise<readonly string[]> {
  let rules: readonly string[] | undefined
  await waitUntilReady(
    {
      name: `kindnet of ${node} has its rules`,
      deadlineMs: cluster.deadlineMs(kindnetDeadlineMs),
      check: async (inner) => {
        rules = await readMasquerade(cluster.nodes, node, inner)
        return rules === undefined ? `no chain ${masqueradeChain}` : null
      },
      explain: () =>
        'its network plugin is not the kindnet that hopmeter knows: hopmeter tools list has node images',
    },
    context,
  )
  return rules ?? []
}
