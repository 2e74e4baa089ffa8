import {
  connect as connectSession,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { connect, type Socket } from 'node:net'
import { answerHeaders } from '../protocol.ts'
import { authorityOf, echoHeaders } from '../wire/http1-request.ts'
import {
  BadAnswerError,
  type AnswerHead,
  type Channel,
  type ChannelEvents,
  type RequestShape,
} from './channel.ts'

/** Opens an HTTP/2 connection with prior knowledge (no TLS, no upgrade); one stream per request. */
export function openHttp2Channel(shape: RequestShape, events: ChannelEvents): Channel {
  return new Http2Channel(shape, events)
}

class Http2Channel implements Channel {
  usable = false
  arrivedAtNs = 0n
  #socket: Socket | undefined
  #session: ClientHttp2Session | undefined
  #giveUp: (() => void) | undefined
  readonly #events: ChannelEvents
  readonly #headers: OutgoingHttpHeaders
  readonly #body: Buffer | undefined
  #head: AnswerHead = { status: 0, cluster: '', pod: '' }
  #closed = false
  /** The server has sent its settings, with which an HTTP/2 connection begins. */
  #speaksHttp2 = false
  #receiving = false
  #taken = { sent: 0, received: 0 }

  constructor({ target, requestBytes, responseBytes, dial }: RequestShape, events: ChannelEvents) {
    this.#events = events
    this.#body = requestBytes === 0 ? undefined : Buffer.alloc(requestBytes, 'x')
    const authority = authorityOf(target)
    this.#headers = {
      ':method': this.#body ? 'POST' : 'GET',
      ':path': target.httpPath ?? '/',
      ...(this.#body ? { 'content-length': requestBytes } : {}),
      ...echoHeaders(target, responseBytes),
    }
    const { host, port } = target
    if (!dial) {
      this.#open(authority, connect({ host, port, noDelay: true }))
      return
    }
    this.#giveUp = dial({ host, port }, (error, dialled) => {
      if (!dialled) {
        this.#close(error)
        return
      }
      this.#open(authority, dialled.socket)
    })
  }

  #open(authority: string, socket: Socket): void {
    const session = connectSession(`http://${authority}`, { createConnection: () => socket })
    this.#socket = socket
    this.#session = session
    session.on('connect', () => {
      if (this.#closed) return
      this.usable = true
      this.#events.connected()
    })
    session.on('remoteSettings', () => {
      this.#speaksHttp2 = true
    })
    session.on('goaway', () => {
      this.usable = false
    })
    session.on('error', (error) => this.#close(error))
    session.on('close', () => this.#close(undefined))
  }

  send(): bigint {
    const nowNs = process.hrtime.bigint()
    this.#receiving = false
    let stream: ClientHttp2Stream
    const session = this.#session
    if (!session) throw new Error('a request before the connection stands')
    try {
      stream = session.request(this.#headers, { endStream: this.#body === undefined })
    } catch (error) {
      // The server has said goodbye in the meantime.
      process.nextTick(() => this.#close(error instanceof Error ? error : new Error(String(error))))
      return nowNs
    }
    let bodyBytes = 0
    let head: AnswerHead | undefined
    let ended = false
    stream.on('response', (headers) => {
      this.#receiving = true
      head = this.#knownHead(
        headers[':status'] ?? 0,
        String(headers[answerHeaders.cluster] ?? ''),
        String(headers[answerHeaders.pod] ?? ''),
      )
    })
    stream.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length
    })
    stream.on('end', () => {
      this.arrivedAtNs = process.hrtime.bigint()
      ended = true
      if (this.#closed) return
      if (head) this.#events.answered(head, bodyBytes)
      else this.#close(new BadAnswerError('the server ended a stream without a response'))
    })
    this.#watch(stream, () => ended)
    if (this.#body) stream.end(this.#body)
    return nowNs
  }

  get receiving(): boolean {
    return this.#receiving
  }

  takeBytes(): { sent: number; received: number } {
    const { bytesWritten = 0, bytesRead = 0 } = this.#socket ?? {}
    const taken = { sent: bytesWritten - this.#taken.sent, received: bytesRead - this.#taken.received }
    this.#taken = { sent: bytesWritten, received: bytesRead }
    return taken
  }

  destroy(): void {
    this.#closed = true
    this.usable = false
    this.#giveUp?.()
    this.#session?.destroy()
    this.#socket?.destroy()
  }

  /** A stream that fails takes its connection along, so that every protocol loses a request the same way. */
  #watch(stream: ClientHttp2Stream, ended: () => boolean): void {
    stream.on('error', (error) => this.#close(error))
    stream.on('close', () => {
      if (!ended()) this.#close(new Error(`the server reset a stream (code ${stream.rstCode})`))
    })
  }

  #knownHead(status: number, cluster: string, pod: string): AnswerHead {
    const { status: lastStatus, cluster: lastCluster, pod: lastPod } = this.#head
    if (status !== lastStatus || cluster !== lastCluster || pod !== lastPod) {
      this.#head = { status, cluster, pod }
    }
    return this.#head
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    const reason = this.usable && !this.#speaksHttp2 ? this.#notHttp2(error) : error
    this.destroy()
    this.#events.closed(reason)
  }

  /** nghttp2 calls everything that is not HTTP/2 a protocol error, and a close before any frame no error at all. */
  #notHttp2(error: Error | undefined): Error | undefined {
    const { code } = (error ?? {}) as NodeJS.ErrnoException
    if (error && code !== 'ECONNRESET' && code?.startsWith('ERR_HTTP2_') !== true) return error
    const what =
      (this.#socket?.bytesRead ?? 0) === 0
        ? 'closed the connection'
        : 'answered something else, such as HTTP/1,'
    return new BadAnswerError(
      `the server does not speak HTTP/2 without TLS (h2c with prior knowledge): it ${what} in place of SETTINGS`,
    )
  }
}
