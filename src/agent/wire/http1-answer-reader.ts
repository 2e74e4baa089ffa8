import { HttpParseError } from './http1-head.ts'
import { Http1ResponseParser, type Http1ResponseHead } from './http1-response-parser.ts'

/**
 * Reads the answers of a connection that carries one request at a time. Every profile reads with it, so that all of
 * them see the same answer in the same bytes, and an answer is given out only when nothing follows it: bytes behind it
 * must never become the answer to a request that is yet to be sent (RFC 9112 §6.3).
 */
export class Http1AnswerReader {
  /** Body bytes of the last answer. */
  bodyBytes = 0
  #head: Http1ResponseHead | undefined
  #answers = 0
  readonly #parser = new Http1ResponseParser((head, bodyBytes) => {
    this.#head = head
    this.bodyBytes = bodyBytes
    this.#answers++
  })

  /** True while an answer has begun and not ended. */
  get inside(): boolean {
    return this.#parser.inside
  }

  /**
   * The answer that `chunk` completes; undefined when it needs more. Equal heads are the same object.
   * @throws HttpParseError when the bytes are no HTTP/1, or more than one answer.
   */
  push(chunk: Buffer): Http1ResponseHead | undefined {
    this.#answers = 0
    this.#parser.push(chunk)
    if (this.#answers > 1 || (this.#answers === 1 && this.#parser.inside)) {
      throw new HttpParseError(502, 'the server sent more than one answer to one request')
    }
    return this.#answers === 1 ? this.#head : undefined
  }

  /** The connection was closed in order: the answer that ends with it, if one does. */
  end(): Http1ResponseHead | undefined {
    this.#answers = 0
    this.#parser.end()
    return this.#answers === 1 ? this.#head : undefined
  }
}
