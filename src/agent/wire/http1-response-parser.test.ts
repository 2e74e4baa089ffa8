import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HttpParseError } from './http1-head.ts'
import { Http1ResponseParser, type Http1ResponseHead } from './http1-response-parser.ts'

type Seen = [head: Http1ResponseHead, bodyBytes: number]

function parse(chunks: readonly Buffer[], ended = false): { seen: Seen[]; parser: Http1ResponseParser } {
  const seen: Seen[] = []
  const parser = new Http1ResponseParser((head, bodyBytes) => seen.push([head, bodyBytes]))
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk)
    parser.push(reused)
    reused.fill(0) // a reader's buffer is used again
  }
  if (ended) parser.end()
  return { seen, parser }
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/)
const payload = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))

const response = fc
  .record({
    status: fc.constantFrom(200, 204, 304, 404, 503),
    pod: name,
    interim: fc.boolean(),
    chunked: fc.boolean(),
    close: fc.boolean(),
    payload,
  })
  .map(({ status, pod, interim, chunked, close, payload: bytes }) => {
    const hasBody = status !== 204 && status !== 304
    const framing = chunked && hasBody ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`
    const head =
      `${interim ? 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n' : ''}HTTP/1.1 ${status} Whatever\r\n` +
      `X-Hopmeter-Cluster: c\r\nX-Hopmeter-Pod: ${pod}\r\n${close ? 'Connection: close\r\n' : ''}${framing}\r\n\r\n`
    const half = bytes.length >> 1
    const parts = [bytes.subarray(0, half), bytes.subarray(half)].filter((part) => part.length > 0)
    const chunks = parts.flatMap((part) => [
      Buffer.from(`${part.length.toString(16)}\r\n`),
      part,
      Buffer.from('\r\n'),
    ])
    const body = chunked ? Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]) : bytes
    return {
      expected: [{ status, pod, cluster: 'c', keepAlive: !close }, hasBody ? bytes.length : 0],
      wire: Buffer.concat([Buffer.from(head), hasBody ? body : Buffer.alloc(0)]),
    }
  })

test('any split of a stream of responses gives the same responses', () => {
  fc.assert(
    fc.property(
      fc.array(response, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (all, cuts) => {
        const stream = Buffer.concat(all.map(({ wire }) => wire))
        const { seen, parser } = parse(split(stream, cuts))
        expect(seen).toEqual(all.map(({ expected }) => expected))
        expect(parser.inside).toBe(false)
      },
    ),
  )
})

test('equal heads are the same object, however the bytes were split', () => {
  const one = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nxx'
  const { seen } = parse([Buffer.from(one), Buffer.from(one), Buffer.from(one + one)])
  expect(seen).toHaveLength(4)
  expect(new Set(seen.map(([head]) => head)).size).toBe(1)
})

test('a body without a length ends with the connection, and the connection is not used again', () => {
  const text = Buffer.from('HTTP/1.1 200 OK\r\n\r\nto be continued')
  expect(parse([text]).seen).toEqual([])
  const { seen } = parse([text], true)
  expect(seen).toEqual([[{ status: 200, keepAlive: false, cluster: '', pod: '' }, 15]])
})

test('half a response is none', () => {
  const { seen, parser } = parse([Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')], true)
  expect(seen).toEqual([])
  expect(parser.inside).toBe(true)
})

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a protocol switch', 'HTTP/1.1 101 Switching\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
])('refuses %s', (_, text) => {
  expect(() => parse([Buffer.from(text)])).toThrow(HttpParseError)
})
