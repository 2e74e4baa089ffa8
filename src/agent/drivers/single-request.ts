import { connect, type Socket } from 'node:net'
import type { AnswerHead, RequestShape } from '../channels/channel.ts'
import { readBuffer } from '../channels/read-buffer.ts'
import type { PathRecorder } from '../path-recorder.ts'
import { http1Request } from '../wire/http1-request.ts'
import { Http1ResponseParser } from '../wire/http1-response-parser.ts'

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
  readonly #parser = new Http1ResponseParser((head, bodyBytes) => this.#answered(head, bodyBytes))
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
      this.#restartTimer(timeoutMs, () =>
        this.#fail(`no response from ${this.#address} within ${timeoutMs} ms`),
      )
    })
    this.#socket.on('end', () => this.#parser.end())
    this.#socket.on('error', (error) => {
      if (!this.#answer) this.#fail(`connection to ${this.#address} failed: ${error.message}`)
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
    this.#arrivedNs = process.hrtime.bigint()
    if (this.#firstByteNs === 0n) this.#firstByteNs = this.#arrivedNs
    this.#recorder.bytesReceived += length
    try {
      this.#parser.push(readBuffer.subarray(0, length))
    } catch (error) {
      if (!this.#answer) this.#recorder.bad++
      this.#recorder.note(error instanceof Error ? error.message : String(error))
      this.#failed = true
      this.destroy()
    }
    return true
  }

  #answered(head: AnswerHead, bodyBytes: number): void {
    if (this.#answer) throw new Error('the server answered twice')
    this.#answer = {
      head,
      bodyBytes,
      connectNs: Number(this.#connectedNs - this.#startNs),
      firstByteNs: Number(this.#firstByteNs - this.#startNs),
      totalNs: Number(this.#arrivedNs - this.#startNs),
    }
    this.#socket.end()
    this.#restartTimer(closeMs, () => this.destroy())
  }

  #fail(message: string): void {
    this.#failed = true
    this.#recorder.error(message)
    this.destroy()
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#recorder.bytesSent += this.#socket.bytesWritten
    if (!this.#answer && !this.#failed) {
      this.#recorder.note(`${this.#address} closed the connection before it answered`)
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
