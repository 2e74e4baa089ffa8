import type { Writable } from 'node:stream'
import type { ServeConfig, ServeFaults } from '../protocol.ts'
import { ReplySchedule } from './reply-schedule.ts'
import { ServerStats } from './server-stats.ts'

export const maxResponseBytes = 16 * 1024 * 1024

/** Responses with a body up to this size are kept whole, ready to be written. */
export const maxKeptBytes = 64 * 1024

/** A body of any size is made of this, so that large ones take no memory. */
const filler = Buffer.alloc(64 * 1024, 'x')

/** What all connections of one echo server share. */
export class EchoService {
  readonly cluster: string
  readonly pod: string
  readonly stats = new ServerStats()
  /** Absent when every reply is due at once. */
  readonly schedule: ReplySchedule | undefined
  readonly #faults: ServeFaults | undefined
  readonly #faultsByPath: ReadonlyMap<string, ServeFaults>

  constructor(config: Pick<ServeConfig, 'cluster' | 'pod' | 'faults' | 'faultsByPath'>) {
    this.cluster = config.cluster
    this.pod = config.pod
    this.#faults = config.faults
    this.#faultsByPath = new Map(Object.entries(config.faultsByPath ?? {}))
    if ([config.faults, ...this.#faultsByPath.values()].some(delays)) this.schedule = new ReplySchedule()
  }

  /** What requests of a path meet. */
  faultsOf(path: string): ServeFaults | undefined {
    return this.#faultsByPath.get(path) ?? this.#faults
  }

  /** What a client gets that asks for no size: a person with curl. */
  get introduction(): Buffer {
    return Buffer.from(`hopmeter echo server\ncluster: ${this.cluster}\npod: ${this.pod}\n`)
  }

  /**
   * Writes head and body and counts the response once all of it is out.
   * @param body Its bytes, or how many bytes of filler.
   */
  write(to: Writable, path: string, head: Buffer, body: Buffer | number): void {
    const counted = (error?: Error | null) => {
      if (!error) this.stats.countServed(path)
    }
    if (typeof body !== 'number') {
      to.write(Buffer.concat([head, body]), counted)
      return
    }
    if (body === 0) {
      to.write(head, counted)
      return
    }
    to.cork() // one system call for head and body
    to.write(head)
    for (let left = body; left > 0; left -= filler.length) {
      to.write(filler.subarray(0, left), left <= filler.length ? counted : undefined)
    }
    to.uncork()
  }
}

function delays(faults: ServeFaults | undefined): boolean {
  const { delayUs, firstRequestDelayUs, stall } = faults ?? {}
  return delayUs !== undefined || firstRequestDelayUs !== undefined || stall !== undefined
}
