import type { Reading } from '../../../../evidence/reading.ts'
import type { AccessLine } from '../../../../evidence/ztunnel/access-log.ts'
import type { Carried } from '../../../../evidence/ztunnel/closed-flow.ts'
import { closedFlow, type ZtunnelView } from './flows.ts'

export interface OverConnections {
  /** Lines read. */
  readonly count: number
  /** One per way. */
  readonly flows: readonly Carried[]
  /** Direction and source of those that ended since the last reading: the dump may still have them. */
  readonly justClosed: ReadonlySet<string>
}

/** What a ztunnel's access log told of connections that are over, since its start. */
export class ClosedConnections {
  readonly #view: ZtunnelView
  readonly #flows = new Map<string, Carried>()
  #count = 0
  #justClosed = new Set<string>()
  #unreadable: string | undefined

  constructor(view: ZtunnelView) {
    this.#view = view
  }

  add(reading: Reading<AccessLine>): void {
    if (!reading.ok) {
      this.#unreadable ??= reading.cannotRead
      return
    }
    this.#count++
    this.#justClosed.add(`${reading.value.direction} ${reading.value.source}`)
    const flow = closedFlow(this.#view, reading.value)
    const { direction, protocol, source, sourceIdentity, requested, upstream } = flow
    const key = JSON.stringify([direction, protocol, source, sourceIdentity, requested, upstream])
    const sum = this.#flows.get(key)
    this.#flows.set(key, sum ? { ...sum, connections: sum.connections + 1 } : flow)
  }

  reading(): Reading<OverConnections> {
    if (this.#unreadable !== undefined) return { ok: false, cannotRead: this.#unreadable }
    const value = { count: this.#count, flows: [...this.#flows.values()], justClosed: this.#justClosed }
    return { ok: true, value }
  }

  forgetJustClosed(): void {
    this.#justClosed = new Set()
  }
}
