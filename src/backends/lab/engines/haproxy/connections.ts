import type { Flow } from '../../../../evidence/flow.ts'
import type { ProxiedConnection, ProxyState } from './sessions.ts'

/** Every connection of a load balancer since its start: what its log says of those that are over, and who is left. */
export class ProxiedConnections {
  readonly #closed = new Map<string, Flow>()
  #count = 0
  /** Over since the last reading: the answer to that one may still have called them open. */
  #justOver = new Set<string>()

  close(connection: ProxiedConnection): void {
    this.#count++
    this.#justOver.add(endsOf(connection))
    add(this.#closed, connection, false)
  }

  /** All flows; undefined while the log has not told of all that the counters have. */
  flows({ open, total }: ProxyState): readonly Flow[] | undefined {
    const left = open.filter((connection) => !this.#justOver.has(endsOf(connection)))
    if (this.#count + left.length !== total) return undefined
    this.#justOver = new Set()
    const flows = new Map(this.#closed)
    for (const connection of left) add(flows, connection, true)
    return [...flows.values()]
  }
}

/** One flow per client address, as a proxy that ends TCP knows no more. */
function add(flows: Map<string, Flow>, connection: ProxiedConnection, isOpen: boolean): void {
  const { client, own, server, bytesUp, bytesDown } = connection
  // A connection that the gateway did not take has no other end.
  if (!/^[\d.]+:[1-9]\d*$/.test(server)) return
  const source = client.slice(0, client.lastIndexOf(':'))
  const key = `${source} ${server}`
  const sum = flows.get(key)
  flows.set(key, {
    direction: 'forward',
    protocol: 'TCP',
    source,
    upstream: server,
    connections: (sum?.connections ?? 0) + 1,
    open: (sum?.open ?? 0) + (isOpen ? 1 : 0),
    bytesUp: (sum?.bytesUp ?? 0) + bytesUp,
    bytesDown: (sum?.bytesDown ?? 0) + bytesDown,
    upstreamSources: [...(sum?.upstreamSources ?? []), ...(isOpen ? [own] : [])],
  })
}

function endsOf({ client, own }: ProxiedConnection): string {
  return `${client} ${own}`
}
