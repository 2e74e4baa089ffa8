import type { Socket } from 'node:net'
import type { Flow } from '../../../evidence/flow.ts'
import type { Failure } from './protocol.ts'
import { reasonOf } from './tunnel-error.ts'

export type FlowKey = Pick<
  Flow,
  'direction' | 'protocol' | 'source' | 'sourceIdentity' | 'requested' | 'upstream'
>

/** The counters of one flow. Whoever carries bytes adds to them. */
export interface FlowCounters extends FlowKey {
  connections: number
  open: number
  bytesUp: number
  bytesDown: number
  /** `ip:port` of this component's own ends of its open connections to `upstream`, where it notes them. */
  readonly ends: Set<string>
}

/** Notes whose end of a connection this is, for as long as it lasts: the next component sees it as its source. */
export function noteEnd(flow: FlowCounters, socket: Socket): void {
  const end = `${socket.localAddress}:${socket.localPort}`
  flow.ends.add(end)
  socket.once('close', () => flow.ends.delete(end))
}

/** Kinds of failure that are told apart; a peer could otherwise make up authorities without end. */
const maxFailures = 100

/** What this component carried and what it could not carry, since it started. */
export class FlowTable {
  private readonly flows = new Map<string, FlowCounters>()
  private readonly failed = new Map<string, Failure>()

  /** Counts one more connection of a flow. */
  open(key: FlowKey): FlowCounters {
    const { direction, protocol, source, sourceIdentity, requested, upstream } = key
    const id = [direction, protocol, source, sourceIdentity, requested, upstream].join(' ')
    let flow = this.flows.get(id)
    if (!flow) {
      flow = { ...key, connections: 0, open: 0, bytesUp: 0, bytesDown: 0, ends: new Set() }
      this.flows.set(id, flow)
    }
    flow.connections++
    flow.open++
    return flow
  }

  /** Counts a connection that was refused or could not be carried on. */
  fail(key: Omit<Failure, 'reason' | 'count'>, error: unknown): void {
    const reason = reasonOf(error)
    const id = [key.direction, key.source, key.requested, key.upstream, reason].join(' ')
    const count = (this.failed.get(id)?.count ?? 0) + 1
    if (count === 1 && this.failed.size >= maxFailures) return
    this.failed.set(id, { ...key, reason, count })
  }

  snapshot(): readonly Flow[] {
    return [...this.flows.values()].map(({ ends, ...flow }) => ({
      ...flow,
      ...(ends.size === 0 ? {} : { upstreamSources: [...ends] }),
    }))
  }

  failures(): readonly Failure[] {
    return [...this.failed.values()]
  }
}
