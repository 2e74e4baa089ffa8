import type { Socket } from 'node:net'
import type { AnswerHead, RequestShape } from '../channels/channel.ts'
import { openSocket } from '../channels/open-socket.ts'
import { socketErrorText } from '../channels/socket-error.ts'
import type { PathRecorder } from '../path-recorder.ts'
import { http1Request } from '../wire/http1-request.ts'
import { Http1AnswerReader } from '../wire/http1-answer-reader.ts'
import type { Http1ResponseHead } from '../wire/http1-response-parser.ts'

/** How long the peer may take to close its side after we closed ours. */
const closeMs = 100

export interface SingleAnswer {
  readonly head: AnswerHead
  readonly bodyBytes: number
  /**
   * From the start of connecting, each. Of a connection that another process opened, without the time in which it was
   * handed over.
   */
  readonly connectNs: number
  readonly firstByteNs: number
  readonly totalNs: number
}

/** One HTTP/1.1 request on a connection of its own, closed by the client once it is answered. */
export class SingleRequest {
  /** Resolves when the connection is closed; undefined without a complete response. Never rejects. */
  readonly done: Promise<SingleAnswer | undefined>
  written = false
  /** Why it came to nothing; undefined when it was answered. */
  trouble: string | undefined
  readonly #recorder: PathRecorder
  #socket: Socket | undefined
  readonly #giveUp: (() => void) | undefined
  readonly #address: string
  readonly #reader = new Http1AnswerReader()
  #connectNs = 0
  readonly #resolve: (answer: SingleAnswer | undefined) => void
  #writtenNs = 0n
  #firstByteNs = 0n
  #arrivedNs = 0n
  #answer: SingleAnswer | undefined
  #hasFailed = false
  #timer: NodeJS.Timeout

  constructor(settings: { shape: RequestShape; recorder: PathRecorder; timeoutMs: number }) {
    const { shape, recorder, timeoutMs } = settings
    const { host, port } = shape.target
    this.#recorder = recorder
    this.#address = `${host}:${port}`
    const { promise, resolve } = withResolvers<SingleAnswer | undefined>()
    this.done = promise
    this.#resolve = resolve
    const bytes = http1Request(shape)
    this.#timer = setTimeout(() => {
      this.#fail(`cannot connect to ${this.#address}: no answer within ${timeoutMs} ms`)
    }, timeoutMs)
    this.#giveUp = openSocket(shape, {
      made: (socket) => this.#watch(socket),
      connected: (socket, { startNs, connectedNs, usableNs }) => {
        this.#connectNs = Number(connectedNs - startNs)
        this.#writtenNs = usableNs
        this.#recorder.sent++
        this.written = true
        socket.write(bytes)
        this.#restartTimer(timeoutMs, () => {
          const what = this.#reader.inside ? 'no complete response' : 'no response'
          this.#fail(`${what} from ${this.#address} within ${timeoutMs} ms`)
        })
      },
      read: (chunk) => this.#read(chunk),
      failed: (error) => this.#socketFailed(error),
    })
  }

  #watch(socket: Socket): void {
    this.#socket = socket
    socket.on('end', () => this.#answered(this.#reader.end()))
    socket.on('error', (error) => this.#socketFailed(error))
    socket.on('close', () => this.#close())
  }

  #socketFailed(error: Error | undefined): void {
    const why = error === undefined ? 'closed' : socketErrorText(error)
    const text = `connection to ${this.#address} failed: ${why}`
    if (!this.written) this.#fail(text)
    else if (!this.#answer) this.#lost(text)
  }

  /** Ends the attempt, without counting it, unless the request is written already. */
  cancelConnecting(): void {
    if (this.written) return
    this.#hasFailed = true
    this.trouble ??= `cannot connect to ${this.#address}: no answer when the turn ended`
    this.destroy()
  }

  destroy(): void {
    if (this.#socket) this.#socket.destroy()
    else {
      this.#giveUp?.()
      this.#close()
    }
  }

  #read(chunk: Buffer): void {
    this.#recorder.bytesReceived += chunk.length
    if (this.#answer) return // what follows the answer is nobody's
    this.#arrivedNs = process.hrtime.bigint()
    if (this.#firstByteNs === 0n) this.#firstByteNs = this.#arrivedNs
    try {
      this.#answered(this.#reader.push(chunk))
    } catch (error) {
      this.#recorder.bad++
      this.#lost(error instanceof Error ? error.message : String(error))
      this.#hasFailed = true
      this.destroy()
    }
  }

  #answered(head: Http1ResponseHead | undefined): void {
    if (!head || this.#answer || this.#hasFailed) return
    this.#answer = {
      head,
      bodyBytes: this.#reader.bodyBytes,
      connectNs: this.#connectNs,
      firstByteNs: this.#connectNs + Number(this.#firstByteNs - this.#writtenNs),
      totalNs: this.#connectNs + Number(this.#arrivedNs - this.#writtenNs),
    }
    this.#socket?.end()
    this.#restartTimer(closeMs, () => this.destroy())
  }

  #fail(message: string): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.trouble ??= message
    if (this.written) this.#recorder.failed(message)
    else this.#recorder.unsent(message)
    this.destroy()
  }

  /** Counted by what is missing: a request that was sent and ended in no other way. */
  #lost(message: string): void {
    this.trouble ??= message
    this.#recorder.note(message)
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#recorder.bytesSent += this.#socket?.bytesWritten ?? 0
    if (!this.#answer && !this.#hasFailed) {
      const when = this.#reader.inside ? 'in the middle of its answer' : 'before it answered'
      this.#lost(`${this.#address} closed the connection ${when}`)
    }
    this.#resolve(this.#answer)
  }

  #restartTimer(ms: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, ms)
  }
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
