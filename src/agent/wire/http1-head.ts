/** The start line and header fields of an HTTP/1 message. */
export interface Head {
  readonly startLine: string
  /** Names in lower case; values of a repeated field joined by `, ` (RFC 9110 §5.3). */
  readonly fields: ReadonlyMap<string, string>
}

/** A message that is not HTTP/1 as we accept it. `status` is what a server answers to it. */
export class HttpParseError extends Error {
  override name = 'HttpParseError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const maxHeadBytes = 16 * 1024
const strictEnd = '\r\n\r\n'
const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// No control characters, bare CR or LF included: two readers must never see two different messages.
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * How heads are read. A server reads strictly: two readers must never see two different requests. A client reads what
 * RFC 9112 lets servers send: lines that end with a bare LF (§2.2), folded lines (§5.2), blanks before a colon (§5.1).
 */
export interface HeadRules {
  readonly isLenient?: boolean
  readonly maxBytes?: number
  /** Looks at the first bytes of a head that is not complete yet; throws when they are of no head at all. */
  readonly checkStart?: (bytes: Buffer) => void
}

/** @throws HttpParseError when `bytes`, which end with an empty line, are not a start line and header fields. */
export function parseHead(bytes: Buffer, { isLenient = false }: HeadRules = {}): Head {
  const text = bytes.toString('latin1')
  const [startLine = '', ...lines] = isLenient ? lenientLines(text) : text.split('\r\n').slice(0, -2)
  if (!fieldValue.test(startLine)) throw new HttpParseError(400, 'control character in the start line')
  const fields = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const written = line.slice(0, Math.max(0, colon))
    const name = isLenient ? written.replace(/[ \t]+$/, '') : written
    if (!fieldName.test(name)) throw new HttpParseError(400, 'malformed header field name')
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    if (!fieldValue.test(value)) throw new HttpParseError(400, `control character in header field ${name}`)
    const key = name.toLowerCase()
    const before = fields.get(key)
    fields.set(key, before === undefined ? value : `${before}, ${value}`)
  }
  return { startLine, fields }
}

/** Lines without their ends, folded ones joined; control characters that say nothing here become blanks. */
function lenientLines(text: string): string[] {
  const [startLine = '', ...lines] = text.replace(/\r?\n\r?\n$/, '').split(/\r?\n/)
  const joined: string[] = []
  for (const line of lines) {
    if (!/^[ \t]/.test(line)) joined.push(line)
    // Whitespace between the start line and the first field belongs to nothing (§2.2).
    else if (joined.length > 0) joined.push(`${joined.pop()} ${line.trim()}`)
  }
  return [startLine, ...joined].map((line) => line.replaceAll(/\p{Cc}/gu, blank))
}

/** Of control characters tabs are allowed, NUL is refused, and bytes beyond ASCII are text. */
function blank(character: string): string {
  return character === '\t' || character === '\0' || character > '\x7f' ? character : ' '
}

/** Tokens of a comma-separated field such as `connection`, in lower case. */
export function fieldTokens(head: Head, name: string): readonly string[] {
  const value = head.fields.get(name)
  return value === undefined ? [] : value.split(',').map((token) => token.trim().toLowerCase())
}

/**
 * Length from `content-length`, undefined without one.
 * @throws HttpParseError when it is not a number, or repeated with different numbers.
 */
export function contentLength(head: Head): number | undefined {
  const values = fieldTokens(head, 'content-length')
  const [first] = values
  if (first === undefined) return undefined
  if (!/^\d{1,15}$/.test(first) || values.some((value) => value !== first)) {
    throw new HttpParseError(400, 'malformed content-length')
  }
  return Number(first)
}

/**
 * Collects heads from chunks split anywhere. The same bytes mean the same head, so a head that repeats the one before
 * costs one comparison: with load every message on a connection does.
 */
export class HeadReader<T> {
  readonly #parse: (head: Head) => T
  readonly #rules: HeadRules
  #pending: Buffer | undefined
  #lastBytes: Buffer | undefined
  #last: T | undefined

  constructor(parse: (head: Head) => T, rules: HeadRules = {}) {
    this.#parse = parse
    this.#rules = rules
  }

  /** True while a head has begun and not ended. */
  get inside(): boolean {
    return this.#pending !== undefined
  }

  /** What the last completed head means. */
  get value(): T {
    return this.#last as T
  }

  /**
   * Reads on in `chunk` from `offset`. Returns the offset behind the head when it is complete, or -1 when it needs
   * more than the chunk has.
   * @throws HttpParseError when the head is malformed or too long.
   */
  read(chunk: Buffer, offset: number): number {
    const known = this.#lastBytes
    if (known !== undefined && this.#pending === undefined) {
      const end = offset + known.length
      if (end <= chunk.length && chunk.compare(known, 0, known.length, offset, end) === 0) return end
    }
    const { maxBytes = maxHeadBytes, checkStart } = this.#rules
    const before = this.#pending ?? Buffer.alloc(0)
    const bytes = Buffer.concat([before, chunk.subarray(offset, offset + maxBytes)])
    checkStart?.(bytes)
    const length = this.#lengthOf(bytes)
    if (length === -1 ? bytes.length >= maxBytes : length > maxBytes) {
      throw new HttpParseError(431, `the message head is longer than ${maxBytes / 1024} KiB`)
    }
    if (length === -1) {
      this.#pending = bytes
      return -1
    }
    this.#pending = undefined
    const own = bytes.subarray(0, length)
    this.#last = this.#parse(parseHead(own, this.#rules))
    this.#lastBytes = own
    return offset + length - before.length
  }

  /** Bytes of the head with the empty line that ends it; -1 without one. */
  #lengthOf(bytes: Buffer): number {
    const ends = this.#rules.isLenient ? ['\n\r\n', '\n\n'] : [strictEnd]
    const lengths = ends.flatMap((end) => {
      const found = bytes.indexOf(end)
      return found === -1 ? [] : [found + end.length]
    })
    return lengths.length === 0 ? -1 : Math.min(...lengths)
  }
}
