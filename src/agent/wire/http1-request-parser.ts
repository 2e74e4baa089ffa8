import { pathHeader, responseBytesHeader } from '../protocol.ts'
import { ChunkedReader } from './http1-chunked.ts'
import { contentLength, fieldTokens, HeadReader, HttpParseError, type Head } from './http1-head.ts'
import { decodePathName } from './path-name.ts'

/** What the echo server needs to know of a request. */
export interface Http1Request {
  readonly method: string
  readonly target: string
  readonly minorVersion: 0 | 1
  readonly keepAlive: boolean
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectContinue: boolean
  /** From the path header; empty without one. */
  readonly path: string
  /** The body size asked for, undefined when none was. */
  readonly responseBytes: number | undefined
}

type BodyLength = number | 'chunked'

/** Splits a byte stream into requests. Bodies are read and thrown away. */
export class Http1RequestParser {
  readonly #onHead: (request: Http1Request) => void
  readonly #onRequest: (request: Http1Request) => void
  readonly #head = new HeadReader(readRequestHead)
  #bodyLeft = 0
  #chunked: ChunkedReader | undefined
  #inBody = false

  /** `onHead` runs when a head with a body to follow is in, `onRequest` when a request is complete. */
  constructor(
    onRequest: (request: Http1Request) => void,
    onHead: (request: Http1Request) => void = () => {},
  ) {
    this.#onRequest = onRequest
    this.#onHead = onHead
  }

  /** @throws HttpParseError when the stream is not HTTP/1; nothing can be read from it afterwards. */
  push(chunk: Buffer): void {
    let offset = 0
    while (offset < chunk.length) {
      if (this.#inBody) offset = this.#readBody(chunk, offset)
      else if (!this.#head.inside && isLineEnd(chunk[offset]))
        offset++ // RFC 9112 §2.2: empty lines before a request
      else {
        offset = this.#head.read(chunk, offset)
        if (offset === -1) return
        this.#headEnded()
      }
    }
  }

  #headEnded(): void {
    const { request, body } = this.#head.value
    if (body === 0) {
      this.#onRequest(request)
      return
    }
    this.#inBody = true
    if (body === 'chunked') this.#chunked = new ChunkedReader()
    else this.#bodyLeft = body
    this.#onHead(request)
  }

  #readBody(chunk: Buffer, offset: number): number {
    let next: number
    if (this.#chunked) {
      next = this.#chunked.read(chunk, offset)
      if (!this.#chunked.done) return next
      this.#chunked = undefined
    } else {
      const take = Math.min(this.#bodyLeft, chunk.length - offset)
      next = offset + take
      this.#bodyLeft -= take
      if (this.#bodyLeft > 0) return next
    }
    this.#inBody = false
    this.#onRequest(this.#head.value.request)
    return next
  }
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === 0x0d || byte === 0x0a
}

function readRequestHead(head: Head): { request: Http1Request; body: BodyLength } {
  const line = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/.exec(head.startLine)
  if (!line) throw new HttpParseError(400, 'malformed request line')
  const [, method = '', target = '', major, minor] = line
  if (major !== '1') throw new HttpParseError(505, `HTTP/${major}.${minor} is not served here`)
  const minorVersion = minor === '0' ? 0 : 1
  const host = head.fields.get('host')
  if (minorVersion === 1 && (host === undefined || host.includes(','))) {
    throw new HttpParseError(400, 'an HTTP/1.1 request has exactly one host header')
  }
  const connection = fieldTokens(head, 'connection')
  return {
    request: {
      method,
      target,
      minorVersion,
      keepAlive: minorVersion === 1 ? !connection.includes('close') : connection.includes('keep-alive'),
      expectContinue: minorVersion === 1 && fieldTokens(head, 'expect').includes('100-continue'),
      path: decodePathName(head.fields.get(pathHeader) ?? ''),
      responseBytes: responseBytes(head),
    },
    body: bodyLength(head, minorVersion),
  }
}

/** RFC 9112 §6.3; whatever two readers could take for two different lengths is refused. */
function bodyLength(head: Head, minorVersion: 0 | 1): BodyLength {
  const length = contentLength(head)
  const encodings = fieldTokens(head, 'transfer-encoding')
  if (encodings.length === 0) return length ?? 0
  if (length !== undefined) throw new HttpParseError(400, 'both content-length and transfer-encoding')
  if (minorVersion === 0) throw new HttpParseError(400, 'transfer-encoding in HTTP/1.0')
  if (encodings.join() !== 'chunked') {
    throw new HttpParseError(501, 'the only transfer-encoding read here is chunked')
  }
  return 'chunked'
}

function responseBytes(head: Head): number | undefined {
  const value = head.fields.get(responseBytesHeader)
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value)) throw new HttpParseError(400, `malformed ${responseBytesHeader}`)
  return Number(value)
}
