import { connect, type Socket } from 'node:net'
import { readBuffer } from './read-buffer.ts'
import { Http1ResponseParser } from '../wire/http1-response-parser.ts'
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
  /** Takes what arrives; throws when it is not the protocol. */
  push(chunk: Buffer): void
  end(): void
}

interface CodecEvents {
  answered(head: AnswerHead, bodyBytes: number): void
  /** The server will close the connection after this answer. */
  lastAnswer(): void
}

type MakeCodec = (shape: RequestShape, events: CodecEvents) => Codec

/** Opens an HTTP/1.1 connection. */
export function openHttp1Channel(shape: RequestShape, events: ChannelEvents): Channel {
  return new RawChannel(shape, events, (of, codecEvents) => {
    const parser = new Http1ResponseParser((head, bodyBytes) => {
      if (!head.keepAlive) codecEvents.lastAnswer()
      codecEvents.answered(head, bodyBytes)
    })
    return {
      request: http1Request(of),
      push: (chunk) => parser.push(chunk),
      end: () => parser.end(),
    }
  })
}

/** Opens a connection that speaks the TCP echo protocol. */
export function openTcpChannel(shape: RequestShape, events: ChannelEvents): Channel {
  return new RawChannel(shape, events, ({ target, requestBytes, responseBytes }, codecEvents) => {
    const reader = new TcpResponseReader((response) => codecEvents.answered(response, response.bodyBytes))
    return {
      request: tcpRequestFrame(target.path, requestBytes, responseBytes),
      push: (chunk) => reader.push(chunk),
      end: () => {},
    }
  })
}

class RawChannel implements Channel {
  usable = false
  arrivedAtNs = 0n
  readonly #socket: Socket
  readonly #events: ChannelEvents
  readonly #codec: Codec
  #waiting = false
  #closed = false
  #sent = 0
  #received = 0

  constructor(shape: RequestShape, events: ChannelEvents, makeCodec: MakeCodec) {
    this.#events = events
    this.#codec = makeCodec(shape, {
      answered: (head, bodyBytes) => this.#answered(head, bodyBytes),
      lastAnswer: () => {
        this.usable = false
      },
    })
    const { host, port } = shape.target
    const onread = { buffer: readBuffer, callback: (bytes: number) => this.#read(bytes) }
    this.#socket = connect({ host, port, noDelay: true, onread })
    this.#socket.on('connect', () => {
      this.usable = true
      this.#events.connected()
    })
    this.#socket.on('end', () => {
      this.usable = false
      this.#codec.end()
      this.#close(undefined)
    })
    this.#socket.on('error', (error) => this.#close(error))
    this.#socket.on('close', () => this.#close(undefined))
  }

  send(): bigint {
    const { request } = this.#codec
    this.#waiting = true
    this.#sent += request.length
    const nowNs = process.hrtime.bigint()
    this.#socket.write(request)
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
    this.#socket.destroy()
  }

  #read(bytes: number): boolean {
    this.arrivedAtNs = process.hrtime.bigint()
    this.#received += bytes
    try {
      this.#codec.push(readBuffer.subarray(0, bytes))
    } catch (error) {
      this.#close(new BadAnswerError(error instanceof Error ? error.message : String(error)))
    }
    return true
  }

  #answered(head: AnswerHead, bodyBytes: number): void {
    if (!this.#waiting) throw new BadAnswerError('the server answered without being asked')
    this.#waiting = false
    this.#events.answered(head, bodyBytes)
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.destroy()
    this.#events.closed(error)
  }
}
