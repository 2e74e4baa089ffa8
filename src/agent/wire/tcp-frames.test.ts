import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  TcpFrameError,
  tcpRequestFrame,
  TcpRequestReader,
  tcpResponseHead,
  TcpResponseReader,
  type TcpRequest,
  type TcpResponse,
} from './tcp-frames.ts'

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return ends.map((end, i) => Buffer.from(bytes.subarray(i === 0 ? 0 : ends[i - 1], end)))
}

const cuts = fc.array(fc.nat(), { maxLength: 10 })

test('any split of request frames gives the same requests', () => {
  const frame = fc.record({
    path: fc.string({ unit: 'grapheme', maxLength: 20 }),
    body: fc.nat(50),
    asked: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), cuts, (frames, places) => {
      const seen: TcpRequest[] = []
      const reader = new TcpRequestReader((request) => seen.push(request))
      const stream = Buffer.concat(frames.map(({ path, body, asked }) => tcpRequestFrame(path, body, asked)))
      for (const chunk of split(stream, places)) reader.push(chunk)
      expect(seen).toEqual(frames.map(({ path, asked }) => ({ path, responseBytes: asked })))
      expect(reader.inside).toBe(false)
    }),
  )
})

test('any split of response frames gives the same responses', () => {
  const frame = fc.record({
    cluster: fc.string({ maxLength: 9 }),
    pod: fc.string({ maxLength: 9 }),
    body: fc.nat(50),
  })
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), cuts, (frames, places) => {
      const seen: TcpResponse[] = []
      const reader = new TcpResponseReader((response) => seen.push(response))
      const stream = frames.flatMap(({ cluster, pod, body }) => [
        tcpResponseHead(cluster, pod, body),
        Buffer.alloc(body),
      ])
      for (const chunk of split(Buffer.concat(stream), places)) reader.push(chunk)
      expect(seen).toEqual(
        frames.map(({ cluster, pod, body }) => ({ status: 200, cluster, pod, bodyBytes: body })),
      )
    }),
  )
})

test('refuses what is not a frame', () => {
  const push = (bytes: Buffer) => () => new TcpRequestReader(() => {}).push(bytes)
  expect(push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(TcpFrameError)
  expect(push(Buffer.from([0xf1, 2]))).toThrow(TcpFrameError)
  expect(push(Buffer.from([0xf1, 1, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]))).toThrow(TcpFrameError)
})
