import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { closing } from '../testing/closing.ts'
import { decode, drive, sampleOf, target, total } from '../testing/drive.ts'
import { startScriptedServer } from '../testing/scripted-server.ts'
import type { DriverLoad } from './drivers.ts'

const none = { requestBytes: 0, responseBytes: 0 }
const profiles: readonly DriverLoad[] = [
  { profile: 'pingpong', protocol: 'http1', ...none },
  { profile: 'closed', connections: 2, ...none },
  { profile: 'open', connections: 2, ratePerSecond: 200, ...none },
  { profile: 'connect', ...none },
]

/** Parts that are written one after the other, each in a packet of its own; a number is a pause in ms. */
type Script = readonly (string | number)[]

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** What RFC 9110 and 9112 let a server answer, after which the connection may be used again. */
const kept: Readonly<Record<string, Script>> = {
  'an answer in one packet': [ok],
  'an answer byte by byte': ok.split(''),
  'early hints first': ['HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', 5, ok],
  'several interim answers in one packet with the final one': [
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${ok}`,
  ],
  'an interim answer cut in two': ['HTTP/1.1 103 Early', ` Hints\r\n\r\n${ok}`],
  'chunks with extensions and trailers': [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a="b;c"\r\nok\r\n',
    '0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n',
  ],
  'chunks cut anywhere': [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r',
    '\n0',
    '02\r\no',
    'k\r',
    '\n0\r\n\r',
    '\n',
  ],
  'a coding below the chunks': [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ],
  'both lengths, of which chunks count': [
    'HTTP/1.1 200 OK\r\ncontent-length: 7\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ],
  'no content': ['HTTP/1.1 204 No Content\r\n\r\n'],
  'no content that names a length': ['HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n'],
  'an empty body': ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  'one length twice': ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok'],
  'no reason phrase': ['HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nok'],
  'a reason phrase beyond ASCII': ['HTTP/1.1 200 \u00e7a va\r\ncontent-length: 2\r\n\r\nok'],
  'lines that end with a bare LF': ['HTTP/1.1 200 OK\ncontent-length: 2\n\nok'],
  'folded header lines': ['HTTP/1.1 200 OK\r\nx-long: a,\r\n\tb\r\ncontent-length:\r\n 2\r\n\r\nok'],
  'a blank before a colon': ['HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok'],
  'HTTP/1.0 that stays open': ['HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok'],
  'a later minor version': ['HTTP/1.2 200 OK\r\ncontent-length: 2\r\n\r\nok'],
  'a head of 40 KiB': [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}\r\ncontent-length: 2\r\n\r\nok`],
  'an empty line behind the body': [`${ok}\r\n`],
}

/** The same where the connection ends with the answer. */
const closed: Readonly<Record<string, Script>> = {
  'an announced close': ['HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 2\r\n\r\nok'],
  'a close among other tokens': ['HTTP/1.1 200 OK\r\nconnection: foo, close\r\ncontent-length: 2\r\n\r\nok'],
  'HTTP/1.0 with a length': ['HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
  'HTTP/1.0 without a length': ['HTTP/1.0 200 OK\r\n\r\n', 'ok'],
  'HTTP/1.1 without a length': ['HTTP/1.1 200 OK\r\n\r\n', 'o', 'k'],
  'early hints, then a close': [
    'HTTP/1.1 103 Early Hints\r\n\r\n',
    'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n',
    'ok',
  ],
}

async function play(socket: Socket, script: Script, close: boolean): Promise<void> {
  for (const part of script) {
    if (typeof part === 'number') await sleep(part)
    else {
      socket.write(part, 'latin1')
      // A packet of its own.
      if (script.length > 1) await new Promise((next) => void setImmediate(next))
    }
  }
  if (close) socket.end()
}

describe.each(profiles)('$profile', (load) => {
  test.each([
    ...Object.entries(kept).map(([name, script]) => [name, script, false] as const),
    ...Object.entries(closed).map(([name, script]) => [name, script, true] as const),
  ])('reads %s', async (_, script, close) => {
    const server = closing(await startScriptedServer((socket) => void play(socket, script, close)))
    const outcomes = await drive(load, [target('p', server.port)], {
      durationMs: 60,
      check: 'status',
      timeoutMs: 2000,
      until: (of) => of('p').received > 3,
    })
    const all = total(outcomes, 'p')
    expect(all).toMatchObject({ bad: 0, errors: 0, lost: 0, firstError: undefined })
    expect(all.received).toBeGreaterThan(3)
    expect(all.received).toBe(all.sent)
    expect(server.requests).toHaveLength(all.sent)
    expect(all.warm + all.cold).toBe(all.received)
    if (close && load.profile !== 'connect') expect(all.cold).toBe(all.received)
  })

  test('takes the time of the final answer, not of an interim one', async () => {
    const script = ['HTTP/1.1 103 Early Hints\r\n\r\n', 20, ok]
    const server = closing(await startScriptedServer((socket) => void play(socket, script, false)))
    const outcomes = await drive(load, [target('p', server.port)], {
      check: 'status',
      until: (of) => of('p').warm > 3,
    })
    const fastestNs = outcomes.flatMap((outcome) => {
      const { warm, cold } = sampleOf(outcome, 'p')
      return [warm, cold].map(decode).flatMap((h) => (h.totalCount === 0 ? [] : h.minNonZeroValue))
    })
    // Timers of the server may be a millisecond early.
    expect(Math.min(...fastestNs)).toBeGreaterThan(18e6)
  })

  test.each([
    ['two answers in one packet', ok + ok, 'more than one answer'],
    ['bytes behind the body', `${ok}more`, 'malformed|more than one answer'],
    ['a protocol switch', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'switched protocols'],
    ['HTTP/2', '\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80', 'speaks HTTP/2'],
    ['a TLS alert', '\x15\x03\x01\0\x02\x02\x0a', 'speaks TLS'],
    ['a mail server', '220 mail ready\r\n', 'begins with "220 mail ready"'],
  ])('says why it does not read %s, and counts a bad answer', async (_, answer, why) => {
    const server = closing(await startScriptedServer((socket) => void socket.write(answer, 'latin1')))
    const outcomes = await drive(load, [target('p', server.port)], {
      durationMs: 100,
      check: 'status',
      until: (of) => of('p').bad > 1,
    })
    const all = total(outcomes, 'p')
    expect(all).toMatchObject({ received: 0, errors: 0, lost: 0, warm: 0, cold: 0 })
    expect(all.bad).toBe(all.sent)
    expect(all.firstError).toMatch(new RegExp(why))
  })
})
