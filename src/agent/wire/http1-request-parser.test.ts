import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HttpParseError } from './http1-head.ts'
import { Http1RequestParser, type Http1Request } from './http1-request-parser.ts'

type Outcome = { requests: Http1Request[]; status: number | undefined }

function parse(chunks: readonly Buffer[]): Outcome {
  const requests: Http1Request[] = []
  const parser = new Http1RequestParser((request) => requests.push(request))
  for (const chunk of chunks) {
    // A reader's buffer is used again: nothing may keep a view of it.
    const reused = Buffer.from(chunk)
    try {
      parser.push(reused)
    } catch (error) {
      if (!(error instanceof HttpParseError)) throw error
      return { requests, status: error.status }
    }
    reused.fill(0)
  }
  return { requests, status: undefined }
}

function statusOf(text: string): number | undefined {
  return parse([Buffer.from(text, 'latin1')]).status
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  const ends = [...places, bytes.length]
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}

const token = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/)
const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)
const payload = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))

const body = fc.oneof(
  fc.constant({ field: '', bytes: Buffer.alloc(0) }),
  payload.map((bytes) => ({ field: `Content-Length: ${bytes.length}\r\n`, bytes })),
  fc
    .tuple(
      fc.array(
        payload.filter((bytes) => bytes.length > 0),
        { maxLength: 4 },
      ),
      fc.boolean(),
    )
    .map(([chunks, trailer]) => ({
      field: 'Transfer-Encoding: chunked\r\n',
      bytes: Buffer.concat([
        ...chunks.flatMap((bytes) => [
          Buffer.from(`${bytes.length.toString(16)};ext=1\r\n`),
          bytes,
          Buffer.from('\r\n'),
        ]),
        Buffer.from(trailer ? '0\r\nX-Trailer: 1\r\n\r\n' : '0\r\n\r\n'),
      ]),
    })),
)

const request = fc
  .record({
    path: token,
    bytes: fc.nat(99_999),
    extra: fc.array(fc.tuple(token, value), { maxLength: 3 }),
    body,
  })
  .map(({ path, bytes, extra, body: { field, bytes: payloadBytes } }) => {
    const fields = extra.map(([name, text]) => `x-${name}: ${text}\r\n`).join('')
    const head =
      `POST /${path} HTTP/1.1\r\nHost: a\r\nX-Hopmeter-Path: ${path}\r\n` +
      `x-hopmeter-response-bytes: ${bytes}\r\n${fields}${field}\r\n`
    return { path, bytes, wire: Buffer.concat([Buffer.from(head), payloadBytes]) }
  })

test('any split of a stream of requests gives the same requests', () => {
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (all, cuts) => {
        const stream = Buffer.concat(all.map(({ wire }) => wire))
        const outcome = parse(split(stream, cuts))
        expect(outcome.status).toBeUndefined()
        expect(outcome.requests.map(({ path, responseBytes }) => [path, responseBytes])).toEqual(
          all.map(({ path, bytes }) => [path, bytes]),
        )
      },
    ),
  )
})

test('a repeated request is read like the first, byte by byte or at once', () => {
  const one = 'GET / HTTP/1.1\r\nhost: a\r\nx-hopmeter-path: p\r\nx-hopmeter-response-bytes: 3\r\n\r\n'
  const bytes = Buffer.from(one.repeat(3))
  const whole = parse([bytes])
  expect(whole.requests).toHaveLength(3)
  expect(parse([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole)
})

test('arbitrary bytes give requests or a refusal, the same for any split', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('GET / HTTP/1.1\r\n', 'Host: a\r\n', '\r\n', ' ', ':', '\n', 'x'),
        maxLength: 12,
      }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (text, cuts) => {
        const bytes = Buffer.from(text)
        expect(parse(split(bytes, cuts))).toEqual(parse([bytes]))
      },
    ),
  )
})

test('says how the connection goes on', () => {
  const [first, second, third] = parse([
    Buffer.from(
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n' +
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\n' +
        'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    ),
  ]).requests
  expect([first?.keepAlive, second?.keepAlive, third?.keepAlive]).toEqual([true, false, true])
})

test('path names survive the header', () => {
  const { requests } = parse([
    Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nX-Hopmeter-Path: a%20%E2%86%92b\r\n\r\n'),
  ])
  expect(requests[0]?.path).toBe('a →b')
})

test.each([
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['no version', 'GET /\r\n\r\n', 400],
  ['HTTP/2 in a request line', 'GET / HTTP/2.0\r\n\r\n', 505],
  ['space before a colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
  ['a folded field', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n', 400],
  ['a bare line feed', 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n', 400],
  [
    'both body lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
  ],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
  ['a signed length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n', 400],
  ['an unknown encoding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501],
  ['an endless head', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(17_000)}`, 431],
  ['a long head', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`, 431],
  ['a malformed size', 'GET / HTTP/1.1\r\nHost: a\r\nx-hopmeter-response-bytes: many\r\n\r\n', 400],
  ['a bad chunk size', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
  ['a chunk too long', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n', 400],
])('refuses %s', (_, text, status) => {
  expect(statusOf(text)).toBe(status)
})
