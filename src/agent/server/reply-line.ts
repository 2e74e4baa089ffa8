import type { Socket } from 'node:net'
import type { EchoService } from './echo-service.ts'
import type { ConnectionTimes } from './reply-schedule.ts'

/** How long a client may take to close its side after we closed ours. */
const lingerMs = 5000

/** The replies of one connection, in the order of its requests, each when it is due. */
export class ReplyLine {
  readonly #socket: Socket
  readonly #service: EchoService
  readonly #times: ConnectionTimes = { first: true, lastDueMs: 0 }
  #pending = 0
  #replies = 0
  #closing = false

  constructor(socket: Socket, service: EchoService) {
    this.#socket = socket
    this.#service = service
    // The client may close its side before it has all replies.
    socket.on('end', () => {
      this.#closing = true
      if (this.#pending === 0) this.#end()
    })
    socket.on('drain', () => socket.resume())
  }

  /** True once no further request of this connection will be answered. */
  get closing(): boolean {
    return this.#closing
  }

  /** True when no reply is waiting. */
  get idle(): boolean {
    return this.#pending === 0
  }

  /** Writes a reply to a request of `path` when it is due. `last`: then closes the connection. */
  add(path: string, write: () => void, last = false): void {
    if (this.#closing) return
    this.#pending++
    this.#replies++
    const faults = this.#service.faultsOf(path)
    if (last || this.#replies === faults?.finEvery) this.#closing = true
    const { schedule } = this.#service
    if (schedule) schedule.add(this.#times, faults, () => this.#write(write))
    else this.#write(write)
  }

  #write(write: () => void): void {
    this.#pending--
    if (!this.#socket.writable) return
    write()
    // A client that does not read must not make us hold its replies: it is not read from either.
    if (this.#socket.writableNeedDrain) this.#socket.pause()
    if (this.#closing && this.#pending === 0) this.#end()
  }

  #end(): void {
    this.#socket.end()
    this.#socket.resume()
    this.#socket.setTimeout(lingerMs, () => this.#socket.destroy())
  }
}
