import type { Flow } from '../../../../evidence/flow.ts'
import type { SocketBytes } from '../socket-bytes.ts'
import type { ForwardedConnection } from './access-log.ts'

/**
 * Every connection that a gateway forwarded since it started: what its log says of each, and for those that last what
 * the kernel has counted for the gateway's end of it.
 */
export class ForwardedConnections {
  readonly #open = new Map<string, ForwardedConnection>()
  readonly #flows = new Map<string, Flow>()

  add(connection: ForwardedConnection): void {
    const { local, upstream, isOver } = connection
    // No connection to a server was made: nothing was carried.
    if (local === undefined || upstream === undefined) return
    if (isOver) {
      this.#open.delete(local)
      this.#count(flowOf(connection, 0, connection.bytesUp, connection.bytesDown))
    } else this.#open.set(local, connection)
  }

  /**
   * Whether the log has told of all that the kernel has, and the other way round. Ends that the gateway has closed may
   * stay in the kernel for a minute, so only established ones must be in the log.
   */
  agreesWith(sockets: readonly SocketBytes[]): boolean {
    const held = new Set(sockets.map(({ local }) => local))
    const established = sockets.filter(({ state }) => state === 'ESTAB')
    return (
      established.every(({ local }) => this.#open.has(local)) &&
      [...this.#open.keys()].every((local) => held.has(local))
    )
  }

  flows(sockets: readonly SocketBytes[]): readonly Flow[] {
    const sums = new Map(this.#flows)
    const counted = new Map(sockets.map((socket) => [socket.local, socket]))
    for (const [local, connection] of this.#open) {
      const socket = counted.get(local)
      addTo(sums, flowOf(connection, 1, socket?.sent ?? 0, socket?.received ?? 0, [local]))
    }
    return [...sums.values()]
  }

  #count(flow: Flow): void {
    addTo(this.#flows, flow)
  }
}

function flowOf(
  { source, peer, authority, upstream = '' }: ForwardedConnection,
  open: number,
  bytesUp: number,
  bytesDown: number,
  upstreamSources: readonly string[] = [],
): Flow {
  return {
    direction: 'forward',
    protocol: 'HBONE',
    source: source.slice(0, source.lastIndexOf(':')),
    ...(peer === undefined ? {} : { sourceIdentity: peer }),
    requested: authority,
    upstream,
    connections: 1,
    open,
    bytesUp,
    bytesDown,
    ...(upstreamSources.length === 0 ? {} : { upstreamSources }),
  }
}

function addTo(flows: Map<string, Flow>, flow: Flow): void {
  const key = JSON.stringify([flow.source, flow.sourceIdentity, flow.requested, flow.upstream])
  const sum = flows.get(key)
  flows.set(
    key,
    sum
      ? {
          ...sum,
          connections: sum.connections + flow.connections,
          open: sum.open + flow.open,
          bytesUp: (sum.bytesUp ?? 0) + (flow.bytesUp ?? 0),
          bytesDown: (sum.bytesDown ?? 0) + (flow.bytesDown ?? 0),
          upstreamSources: [...(sum.upstreamSources ?? []), ...(flow.upstreamSources ?? [])],
        }
      : flow,
  )
}
