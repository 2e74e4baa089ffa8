import { serviceHostname, type PlannedPath } from '../../plan.ts'
import type { StepContext } from '../contract.ts'
import { podsFor, type Found } from '../find-pods.ts'
import { parseAccessLine, type AccessLine } from '../../../evidence/ztunnel/access-log.ts'
import { publishedAddress, readGatewayService } from './gateway-steps.ts'
import { hostOf } from './mesh-view.ts'
import { hbonePort, systemNamespace, type IstioParts } from './parts.ts'
import type { PathFacts } from './mesh-facts.ts'
import { ztunnelPods } from './read-mesh.ts'

/** Requests of a moment ago; what the log has from before may be of another configuration. */
const sinceSeconds = 60

/**
 * By path name, which way the newest closed connection of its client took, as the client's ztunnel logged it. Paths of
 * which the log says nothing are absent. @throws CommandError
 */
export async function readLastWays(
  parts: IstioParts,
  found: Found,
  paths: readonly PlannedPath[],
  context: StepContext,
): Promise<ReadonlyMap<string, Pick<PathFacts, 'verdict' | 'observed'>>> {
  const ways = await Promise.all(
    paths.map(async (path) => {
      const cluster = parts.clusters.find(({ name }) => name === path.client.cluster)
      if (!cluster) return []
      const pods = await ztunnelPods(parts, cluster, context)
      const ztunnel = pods.find(({ node }) => node === path.client.node)?.pod
      if (!ztunnel) return []
      const of = ['--namespace', systemNamespace, 'logs', ztunnel.metadata.name, '--timestamps']
      const log = await parts.tools.call(
        parts.tools.kubectl(cluster, [...of, `--since=${sinceSeconds}s`]),
        context,
      )
      const clients = podsFor(found, path.clientWorkload).map(({ ip }) => ip)
      const way = lastWay(log, clients, serviceHostname(path.serverWorkload))
      const wanted = await declaredWay(parts, found, path, context)
      return way === undefined ? [] : [[path.name, judgeWay(way, wanted)] as const]
    }),
  )
  return new Map(ways.flat())
}

interface Way {
  readonly protocol: 'TCP' | 'HBONE'
  readonly address: string
}

/** The newest outbound connection of these pods to a service. */
export function lastWay(log: string, clients: readonly string[], hostname: string): Way | undefined {
  const lines = log.split('\n').flatMap((line): AccessLine[] => {
    const reading = parseAccessLine(line)
    return reading?.ok === true ? [reading.value] : []
  })
  const last = lines.findLast(
    ({ direction, source, service, failed }) =>
      direction === 'outbound' && !failed && service === hostname && clients.includes(hostOf(source)),
  )
  return last && { protocol: last.hboneAddress === undefined ? 'TCP' : 'HBONE', address: last.destination }
}

/** `ip:port` that the client's ztunnel must dial. */
async function declaredWay(
  parts: IstioParts,
  found: Found,
  { rule, serverWorkload }: PlannedPath,
  context: StepContext,
): Promise<string> {
  const entered = rule.possible && rule.components.find(({ kind }) => kind === 'east-west-gateway')
  const gateway = entered && parts.gateways.find(({ name }) => name === entered.cluster)
  const address = gateway
    ? publishedAddress(await readGatewayService(parts, gateway, context))
    : found.pods.get(serverWorkload.name)?.ip
  return `${address}:${hbonePort}`
}

function judgeWay({ protocol, address }: Way, wanted: string): Pick<PathFacts, 'verdict' | 'observed'> {
  const observed = `${protocol} to ${address}`
  return { verdict: protocol === 'HBONE' && address === wanted ? 'proven' : 'mismatch', observed }
}
