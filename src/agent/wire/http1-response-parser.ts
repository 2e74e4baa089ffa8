import { answerHeaders } from '../protocol.ts'
import { ChunkedReader } from './http1-chunked.ts'
import { foreignAnswer } from './foreign-answer.ts'
import { contentLength, fieldTokens, HeadReader, HttpParseError, type Head } from './http1-head.ts'

/** What a load driver needs to know of a response. The same head gives the same object. */
export interface Http1ResponseHead {
  readonly status: number
  readonly keepAlive: boolean
  /** Who answered; empty for endpoints that do not say. */
  readonly cluster: string
  readonly pod: string
}

type BodyLength = number | 'chunked' | 'until-close'

/** HTTP has no limit; cookies and policies of real servers stay far below. */
const maxHeadBytes = 64 * 1024
const start = Buffer.from('HTTP/1.')

/** Splits a byte stream into responses (to requests other than HEAD and CONNECT), and counts their body bytes. */
export class Http1ResponseParser {
  readonly #onResponse: (head: Http1ResponseHead, bodyBytes: number) => void
  readonly #head = new HeadReader(readResponseHead, { isLenient: true, maxBytes: maxHeadBytes, checkStart })
  #inBody = false
  #bodyBytes = 0
  #chunked: ChunkedReader | undefined

  constructor(onResponse: (head: Http1ResponseHead, bodyBytes: number) => void) {
    this.#onResponse = onResponse
  }

  /** True while a response has begun and not ended. */
  get inside(): boolean {
    return this.#inBody || this.#head.inside
  }

  /** @throws HttpParseError when the stream is not HTTP/1; nothing can be read from it afterwards. */
  push(chunk: Buffer): void {
    let offset = 0
    while (offset < chunk.length) {
      if (!this.#inBody) {
        // As every client does: some servers send an empty line after a body.
        if (!this.#head.inside && (chunk[offset] === 0x0d || chunk[offset] === 0x0a)) {
          offset++
          continue
        }
        offset = this.#head.read(chunk, offset)
        if (offset === -1) return
        const { response, body } = this.#head.value
        if (response.status >= 100 && response.status < 200) continue // an interim response; the final one follows
        this.#inBody = true
        this.#bodyBytes = 0
        if (body === 'chunked') this.#chunked = new ChunkedReader(true)
        if (body === 0) this.#ended()
      } else offset = this.#readBody(chunk, offset)
    }
  }

  /** The stream is over: completes a response whose end is the end of the connection. */
  end(): void {
    if (this.#inBody && this.#head.value.body === 'until-close') this.#ended()
  }

  #readBody(chunk: Buffer, offset: number): number {
    if (this.#chunked) {
      const next = this.#chunked.read(chunk, offset)
      this.#bodyBytes = this.#chunked.bytes
      if (this.#chunked.done) this.#ended()
      return next
    }
    const { body } = this.#head.value
    const left = typeof body === 'number' ? body - this.#bodyBytes : Number.POSITIVE_INFINITY
    const take = Math.min(left, chunk.length - offset)
    this.#bodyBytes += take
    if (take === left) this.#ended()
    return offset + take
  }

  #ended(): void {
    this.#inBody = false
    this.#chunked = undefined
    this.#onResponse(this.#head.value.response, this.#bodyBytes)
  }
}

/** What begins otherwise will never be an answer, however long one waits for its end. */
function checkStart(bytes: Buffer): void {
  const length = Math.min(bytes.length, start.length)
  if (bytes.compare(start, 0, length, 0, length) !== 0) throw new HttpParseError(502, foreignAnswer(bytes))
}

function readResponseHead(head: Head): { response: Http1ResponseHead; body: BodyLength } {
  const line = /^HTTP\/1\.(\d) +(\d{3})(?: |$)/.exec(head.startLine)
  if (!line) throw new HttpParseError(502, `malformed status line "${head.startLine.slice(0, 60)}"`)
  const status = Number(line[2])
  if (status === 101) throw new HttpParseError(502, 'the server switched protocols without being asked')
  const connection = fieldTokens(head, 'connection')
  const body = bodyLength(head, status)
  return {
    response: {
      status,
      keepAlive:
        body !== 'until-close' &&
        (line[1] === '0'
          ? connection.includes('keep-alive') && !head.fields.has('transfer-encoding')
          : !connection.includes('close')),
      cluster: head.fields.get(answerHeaders.cluster) ?? '',
      pod: head.fields.get(answerHeaders.pod) ?? '',
    },
    body,
  }
}

/** RFC 9112 §6.3. */
function bodyLength(head: Head, status: number): BodyLength {
  if ((status >= 100 && status < 200) || status === 204 || status === 304) return 0
  // `identity` is no coding (RFC 2616 §3.6); servers of its time still send it.
  const encodings = fieldTokens(head, 'transfer-encoding').filter((coding) => coding !== 'identity')
  if (encodings.length === 0) return contentLength(head) ?? 'until-close'
  return encodings.at(-1) === 'chunked' ? 'chunked' : 'until-close'
}
