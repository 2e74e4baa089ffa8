import { HttpParseError } from './http1-head.ts'

const maxLineBytes = 4096
const maxTrailerBytes = 16 * 1024
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Reads a chunked body (RFC 9112 §7.1) split anywhere, and counts its bytes without keeping them. */
export class ChunkedReader {
  /** Body bytes so far, framing excluded. */
  bytes = 0
  done = false
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size'
  #line = ''
  #left = 0
  #trailerBytes = 0
  readonly #isLenient: boolean

  /** @param isLenient take lines that end with a bare LF, as a client may */
  constructor(isLenient = false) {
    this.#isLenient = isLenient
  }

  /**
   * Reads on in `chunk` from `offset` and returns the offset behind what belongs to the body.
   * @throws HttpParseError on malformed framing.
   */
  read(chunk: Buffer, offset: number): number {
    let at = offset
    while (at < chunk.length && !this.done) {
      if (this.#state === 'data') {
        const take = Math.min(this.#left, chunk.length - at)
        at += take
        this.bytes += take
        this.#left -= take
        if (this.#left === 0) this.#state = 'data-end'
      } else at = this.#readLine(chunk, at)
    }
    return at
  }

  #readLine(chunk: Buffer, offset: number): number {
    const end = chunk.indexOf(lineFeed, offset)
    const stop = end === -1 ? chunk.length : end + 1
    if (this.#line.length + stop - offset > maxLineBytes) {
      throw new HttpParseError(400, 'a line of a chunked body is too long')
    }
    this.#line += chunk.toString('latin1', offset, stop)
    if (end === -1) return stop
    const line = this.#line
    this.#line = ''
    const endsInCrLf = line.charCodeAt(line.length - 2) === carriageReturn
    if (!endsInCrLf && !this.#isLenient) {
      throw new HttpParseError(400, 'a line of a chunked body does not end with CRLF')
    }
    this.#lineEnded(line.slice(0, endsInCrLf ? -2 : -1))
    return stop
  }

  #lineEnded(line: string): void {
    if (this.#state === 'size') {
      const size = /^0*([0-9a-fA-F]{1,12})[ \t]*(;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line)?.[1]
      if (size === undefined) throw new HttpParseError(400, 'malformed chunk size')
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailer' : 'data'
    } else if (this.#state === 'data-end') {
      if (line !== '') throw new HttpParseError(400, 'a chunk is longer than its size')
      this.#state = 'size'
    } else if (line === '') {
      this.done = true
    } else {
      this.#trailerBytes += line.length
      if (this.#trailerBytes > maxTrailerBytes) throw new HttpParseError(431, 'trailers are too long')
    }
  }
}
