/**
 * The TCP echo protocol: length-prefixed frames, numbers in network byte order. Requests and responses alternate on a
 * connection; a client may send several requests before it reads.
 *
 *   request   0      0xf1, which no HTTP method and no TLS record begins with
 *             1      version, 1
 *             2-3    P, bytes of the path name
 *             4-7    B, bytes of the request body
 *             8-11   R, bytes asked for as response body
 *             12-    path name in UTF-8 (P), then body (B)
 *
 *   response  0      0xf1
 *             1      version, 1
 *             2-3    C, bytes of the cluster name
 *             4-5    D, bytes of the pod name
 *             6-9    R, bytes of the response body
 *             10-    cluster name (C), pod name (D), body (R)
 */
export const tcpMagic = 0xf1
const version = 1
const requestHeadBytes = 12
const responseHeadBytes = 10
const maxNameBytes = 1024

/** A peer that does not speak the TCP echo protocol. */
export class TcpFrameError extends Error {
  override name = 'TcpFrameError'
}

export interface TcpRequest {
  readonly path: string
  readonly responseBytes: number
}

export interface TcpResponse {
  /** The protocol has no failures: always 200, so that one check fits all protocols. */
  readonly status: 200
  readonly cluster: string
  readonly pod: string
  readonly bodyBytes: number
}

/** A whole request frame; the body is filled with `x`. */
export function tcpRequestFrame(path: string, requestBytes: number, responseBytes: number): Buffer {
  const name = Buffer.from(path)
  if (name.length > maxNameBytes) throw new TcpFrameError(`path names have at most ${maxNameBytes} bytes`)
  const head = Buffer.alloc(requestHeadBytes)
  head.writeUInt8(tcpMagic, 0)
  head.writeUInt8(version, 1)
  head.writeUInt16BE(name.length, 2)
  head.writeUInt32BE(requestBytes, 4)
  head.writeUInt32BE(responseBytes, 8)
  return Buffer.concat([head, name, Buffer.alloc(requestBytes, 'x')])
}

/** A response frame up to its body, of which `bodyBytes` must follow. */
export function tcpResponseHead(cluster: string, pod: string, bodyBytes: number): Buffer {
  const names = [Buffer.from(cluster), Buffer.from(pod)] as const
  const head = Buffer.alloc(responseHeadBytes)
  head.writeUInt8(tcpMagic, 0)
  head.writeUInt8(version, 1)
  head.writeUInt16BE(names[0].length, 2)
  head.writeUInt16BE(names[1].length, 4)
  head.writeUInt32BE(bodyBytes, 6)
  return Buffer.concat([head, ...names])
}

/** Reads frames split anywhere: a head of fixed size, names, and a body that is counted and thrown away. */
class FrameReader<T> {
  readonly #headBytes: number
  readonly #namesBytes: (head: Buffer) => number
  readonly #bodyBytes: (head: Buffer) => number
  readonly #parse: (bytes: Buffer) => T
  readonly #onFrame: (frame: T) => void
  #pending: Buffer | undefined
  #last: { readonly bytes: Buffer; readonly frame: T; readonly bodyBytes: number } | undefined
  #bodyLeft = -1

  constructor(shape: {
    headBytes: number
    namesBytes: (head: Buffer) => number
    bodyBytes: (head: Buffer) => number
    parse: (bytes: Buffer) => T
    onFrame: (frame: T) => void
  }) {
    this.#headBytes = shape.headBytes
    this.#namesBytes = shape.namesBytes
    this.#bodyBytes = shape.bodyBytes
    this.#parse = shape.parse
    this.#onFrame = shape.onFrame
  }

  get inside(): boolean {
    return this.#bodyLeft >= 0 || this.#pending !== undefined
  }

  push(chunk: Buffer): void {
    let offset = 0
    while (offset < chunk.length) {
      if (this.#bodyLeft < 0) {
        offset = this.#readHead(chunk, offset)
        if (offset === -1) return
      }
      const take = Math.min(this.#bodyLeft, chunk.length - offset)
      offset += take
      this.#bodyLeft -= take
      if (this.#bodyLeft > 0) return
      this.#bodyLeft = -1
      if (this.#last) this.#onFrame(this.#last.frame)
    }
  }

  /** Same bytes, same frame: a head that repeats the one before costs one comparison. */
  #readHead(chunk: Buffer, offset: number): number {
    const known = this.#last
    if (known && !this.#pending) {
      const end = offset + known.bytes.length
      if (end <= chunk.length && chunk.compare(known.bytes, 0, known.bytes.length, offset, end) === 0) {
        this.#bodyLeft = known.bodyBytes
        return end
      }
    }
    const before = this.#pending ?? Buffer.alloc(0)
    const bytes = Buffer.concat([before, chunk.subarray(offset, offset + this.#headBytes + 2 * maxNameBytes)])
    if (bytes[0] !== tcpMagic || (bytes.length > 1 && bytes[1] !== version)) {
      throw new TcpFrameError('not a frame of the TCP echo protocol, version 1')
    }
    const length = bytes.length < this.#headBytes ? Infinity : this.#headBytes + this.#namesBytes(bytes)
    if (bytes.length < length) {
      this.#pending = bytes
      return -1
    }
    this.#pending = undefined
    const own = bytes.subarray(0, length)
    this.#last = { bytes: own, frame: this.#parse(own), bodyBytes: this.#bodyBytes(own) }
    this.#bodyLeft = this.#last.bodyBytes
    return offset + length - before.length
  }
}

function nameLength(bytes: Buffer, offset: number): number {
  const length = bytes.readUInt16BE(offset)
  if (length > maxNameBytes) throw new TcpFrameError(`names have at most ${maxNameBytes} bytes`)
  return length
}

/** Splits a byte stream into requests. `push` throws TcpFrameError when the peer speaks something else. */
export class TcpRequestReader extends FrameReader<TcpRequest> {
  constructor(onFrame: (request: TcpRequest) => void) {
    super({
      headBytes: requestHeadBytes,
      namesBytes: (head) => nameLength(head, 2),
      bodyBytes: (head) => head.readUInt32BE(4),
      parse: (bytes) => ({
        path: bytes.toString('utf8', requestHeadBytes),
        responseBytes: bytes.readUInt32BE(8),
      }),
      onFrame,
    })
  }
}

/** Splits a byte stream into responses. `push` throws TcpFrameError when the peer speaks something else. */
export class TcpResponseReader extends FrameReader<TcpResponse> {
  constructor(onFrame: (response: TcpResponse) => void) {
    super({
      headBytes: responseHeadBytes,
      namesBytes: (head) => nameLength(head, 2) + nameLength(head, 4),
      bodyBytes: (head) => head.readUInt32BE(6),
      parse: (bytes) => {
        const podAt = responseHeadBytes + bytes.readUInt16BE(2)
        return {
          status: 200,
          cluster: bytes.toString('utf8', responseHeadBytes, podAt),
          pod: bytes.toString('utf8', podAt),
          bodyBytes: bytes.readUInt32BE(6),
        }
      },
      onFrame,
    })
  }
}
