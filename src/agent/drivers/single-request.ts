import { connect, type Socket } from 'node:net'
import type { AnswerHead, RequestShape } from '../channels/channel.ts'
import { readBuffer } from '../channels/read-buffer.ts'
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
  /** From the start of connecting, each. */
  readonly connectNs: number
  readonly firstByteNs: number
  readonly totalNs: number
}

/** One HTTP/1.1 request on a connection of its own, closed by the client once it is answered. */
export class SingleRequest {
  /** Resolves when the connection is closed; undefined without a complete response. Never rejects. */
  readonly done: Promise<SingleAnswer | undefined>
  written = false
  readonly #recorder: PathRecorder
  readonly #socket: Socket
  readonly #address: string
  readonly #reader = new Http1AnswerReader()
  readonly #startNs: bigint
  readonly #resolve: (answer: SingleAnswer | undefined) => void
  #connectedNs = 0n
  #firstByteNs = 0n
  #arrivedNs = 0n
  #answer: SingleAnswer | undefined
  #failed = false
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
    const onread = { buffer: readBuffer, callback: (length: number) => this.#read(length) }
    this.#timer = setTimeout(() => {
      this.#fail(`cannot connect to ${this.#address}: no answer within ${timeoutMs} ms`)
    }, timeoutMs)
    this.#startNs = process.hrtime.bigint()
    this.#socket = connect({ host, port, noDelay: true, onread })
    this.#socket.on('connect', () => {
      this.#connectedNs = process.hrtime.bigint()
      this.#recorder.sent++
      this.written = true
      this.#socket.write(bytes)
      this.#restartTimer(timeoutMs, () => {
        const what = this.#reader.inside ? 'no complete response' : 'no response'
        this.#fail(`${what} from ${this.#address} within ${timeoutMs} ms`)
      })
    })
    this.#socket.on('end', () => this.#answered(this.#reader.end()))
    this.#socket.on('error', (error) => {
      const text = `connection to ${this.#address} failed: ${socketErrorText(error)}`
      if (!this.written) this.#fail(text)
      else if (!this.#answer) this.#recorder.note(text) // lost, as after a close
    })
    this.#socket.on('close', () => this.#close())
  }

  /** Ends the attempt, without counting it, unless the request is written already. */
  cancelConnecting(): void {
    if (this.written) return
    this.#failed = true
    this.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #read(length: number): boolean {
    this.#recorder.bytesReceived += length
    if (this.#answer) return true // what follows the answer is nobody's
    this.#arrivedNs = process.hrtime.bigint()
    if (this.#firstByteNs === 0n) this.#firstByteNs = this.#arrivedNs
    try {
      this.#answered(this.#reader.push(readBuffer.subarray(0, length)))
    } catch (error) {
      this.#recorder.bad++
      this.#recorder.note(error instanceof Error ? error.message : String(error))
      this.#failed = true
      this.destroy()
    }
    return true
  }

  #answered(head: Http1ResponseHead | undefined): void {
    if (!head || this.#answer || this.#failed) return
    this.#answer = {
      head,
      bodyBytes: this.#reader.bodyBytes,
      connectNs: Number(this.#connectedNs - this.#startNs),
      firstByteNs: Number(this.#firstByteNs - this.#startNs),
      totalNs: Number(this.#arrivedNs - this.#startNs),
    }
    this.#socket.end()
    this.#restartTimer(closeMs, () => this.destroy())
  }

  #fail(message: string): void {
    if (this.#failed) return
    this.#failed = true
    if (this.written) this.#recorder.failed(message)
    else this.#recorder.unsent(message)
    this.destroy()
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#recorder.bytesSent += this.#socket.bytesWritten
    if (!this.#answer && !this.#failed) {
      const when = this.#reader.inside ? 'in the middle of its answer' : 'before it answered'
      this.#recorder.note(`${this.#address} closed the connection ${when}`)
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
