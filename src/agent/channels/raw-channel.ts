import type { Socket } from 'node:net'
import { openSocket } from './open-socket.ts'
import { Http1AnswerReader } from '../wire/http1-answer-reader.ts'
import { http1Request } from '../wire/http1-request.ts'
import { TcpResponseReader, tcpRequestFrame } from '../wire/tcp-frames.ts'
import {
  BadAnswerError,
  type AnswerHead,
  type Channel,
  type ChannelEvents,
  type RequestShape,
} from './channel.ts'

/** How a protocol looks on a plain socket. */
interface Codec {
  readonly request: Buffer
  /** Part of an answer has arrived. */
  readonly inside: boolean
  /** Takes what arrives; the answer that it completes. Throws when it is not the protocol. */
  push(chunk: Buffer): Answer | undefined
  /** The connection was closed in order; the answer that ends with it. */
  end(): Answer | undefined
}

interface Answer {
  readonly head: AnswerHead
  readonly bodyBytes: number
  /** The server will close the connection after this answer. */
  readonly isLast: boolean
}

/** Opens an HTTP/1.1 connection. */
export function openHttp1Channel(shape: RequestShape, events: ChannelEvents): Channel {
  const reader = new Http1AnswerReader()
  const answerOf = (head: ReturnType<typeof reader.end>) =>
    head && { head, bodyBytes: reader.bodyBytes, isLast: !head.keepAlive }
  return new RawChannel(shape, events, {
    request: http1Request(shape),
    get inside() {
      return reader.inside
    },
    push: (chunk) => answerOf(reader.push(chunk)),
    end: () => answerOf(reader.end()),
  })
}

/** Opens a connection that speaks the TCP echo protocol. */
export function openTcpChannel(shape: RequestShape, events: ChannelEvents): Channel {
  const { target, requestBytes, responseBytes } = shape
  let answers: AnswerHead[] = []
  let bodyBytes = 0
  const reader = new TcpResponseReader((response) => {
    answers.push(response)
    bodyBytes = response.bodyBytes
  })
  return new RawChannel(shape, events, {
    request: tcpRequestFrame(target.path, requestBytes, responseBytes),
    get inside() {
      return reader.inside
    },
    push: (chunk) => {
      answers = []
      reader.push(chunk)
      const [head] = answers
      if (answers.length > 1 || (head && reader.inside)) {
        throw new BadAnswerError('the server sent more than one answer to one request')
      }
      return head && { head, bodyBytes, isLast: false }
    },
    end: () => undefined,
  })
}

class RawChannel implements Channel {
  usable = false
  arrivedAtNs = 0n
  #socket: Socket | undefined
  readonly #events: ChannelEvents
  readonly #codec: Codec
  readonly #giveUp: (() => void) | undefined
  #waiting = false
  #closed = false
  #sent = 0
  #received = 0

  constructor(shape: RequestShape, events: ChannelEvents, codec: Codec) {
    this.#events = events
    this.#codec = codec
    this.#giveUp = openSocket(shape, {
      made: (socket) => this.#watch(socket),
      connected: () => this.#connected(),
      read: (chunk) => this.#read(chunk),
      failed: (error) => this.#close(error),
    })
  }

  #connected(): void {
    this.usable = true
    this.#events.connected()
  }

  #watch(socket: Socket): void {
    this.#socket = socket
    socket.on('end', () => {
      this.usable = false
      const answer = this.#codec.end()
      if (answer && this.#waiting) this.#answered(answer)
      else this.#close(undefined)
    })
    socket.on('error', (error) => this.#close(error))
    socket.on('close', () => this.#close(undefined))
  }

  get receiving(): boolean {
    return this.#codec.inside
  }

  send(): bigint {
    const { request } = this.#codec
    this.#waiting = true
    this.#sent += request.length
    const nowNs = process.hrtime.bigint()
    this.#socket?.write(request)
    return nowNs
  }

  takeBytes(): { sent: number; received: number } {
    const taken = { sent: this.#sent, received: this.#received }
    this.#sent = this.#received = 0
    return taken
  }

  destroy(): void {
    this.#closed = true
    this.usable = false
    this.#giveUp?.()
    this.#socket?.destroy()
  }

  #read(chunk: Buffer): void {
    this.arrivedAtNs = process.hrtime.bigint()
    this.#received += chunk.length
    try {
      const answer = this.#codec.push(chunk)
      // Nobody asked: what comes next must not be read as the answer to the next request.
      if (!this.#waiting && (answer || this.#codec.inside))
        throw new BadAnswerError('bytes that were not asked for')
      if (answer) this.#answered(answer)
    } catch (error) {
      this.#close(new BadAnswerError(error instanceof Error ? error.message : String(error)))
    }
  }

  #answered({ head, bodyBytes, isLast }: Answer): void {
    this.#waiting = false
    if (isLast) this.usable = false
    this.#events.answered(head, bodyBytes)
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.destroy()
    this.#events.closed(error)
  }
}
