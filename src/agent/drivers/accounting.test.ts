import fc from 'fast-check'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { closing } from '../testing/closing.ts'
import { drive, sizes, target, total } from '../testing/drive.ts'
import { goodResponse, resetNow, startScriptedServer } from '../testing/scripted-server.ts'
import type { DriverLoad } from './drivers.ts'

const profiles: readonly DriverLoad[] = [
  { profile: 'pingpong', protocol: 'http1', ...sizes },
  { profile: 'closed', connections: 3, ...sizes },
  { profile: 'open', connections: 3, ratePerSecond: 300, ...sizes },
  { profile: 'connect', ...sizes },
]

const half = goodResponse().slice(0, -8)
const closeAfter = goodResponse().replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')

/** What a server does with a request, and what it must be counted as. */
const acts = {
  good: { as: 'received', do: (s: Socket) => void s.write(goodResponse()) },
  goodAndClose: { as: 'received', do: (s: Socket) => void s.end(closeAfter) },
  interimAndGood: {
    as: 'received',
    do: (s: Socket) => void s.write(`HTTP/1.1 103 Early Hints\r\n\r\n${goodResponse()}`),
  },
  unavailable: {
    as: 'bad',
    do: (s: Socket) => void s.write('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n'),
  },
  wrongBody: { as: 'bad', do: (s: Socket) => void s.write(goodResponse(3)) },
  garbage: { as: 'bad', do: (s: Socket) => void s.write('SSH-2.0-x\r\n') },
  twice: { as: 'bad', do: (s: Socket) => void s.write(goodResponse() + goodResponse()) },
  halfAndReset: { as: 'lost', do: (s: Socket) => void s.write(half, () => resetNow(s)) },
  reset: { as: 'lost', do: (s: Socket) => resetNow(s) },
  silence: { as: 'errors', do: () => {} },
  halfAndSilence: { as: 'errors', do: (s: Socket) => void s.write(half) },
  halfAndClose: { as: 'lost', do: (s: Socket) => void s.end(half) },
  close: { as: 'lost', do: (s: Socket) => void s.end() },
} as const
type Act = keyof typeof acts

const script = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Act>('good') },
    { weight: 6, arbitrary: fc.constantFrom(...(Object.keys(acts) as Act[])) },
  ),
  { minLength: 1, maxLength: 12 },
)

describe.each(profiles)('$profile', (load) => {
  test(
    'every request ends in exactly one way, whatever the server does with it',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(script, async (plan) => {
          const expected = { received: 0, bad: 0, errors: 0, lost: 0 }
          const server = closing(
            await startScriptedServer((socket, _, count) => {
              // After the script all goes well, so that the last request of the turn does.
              const act = acts[plan[count - 1] ?? 'good']
              expected[act.as]++
              act.do(socket)
            }),
          )
          const outcomes = await drive(load, [target('p', server.port)], {
            durationMs: 150,
            timeoutMs: 500,
            until: () => server.requests.length > plan.length,
          })
          const { sent, received, bad, errors, lost, warm, cold } = total(outcomes, 'p')
          await server.close()
          // A path that goes on failing waits before it connects again, maybe for a whole turn: the server sees nothing
          // of the one request that the turn then counts as not sent.
          const turnsWithout = outcomes.filter(({ samples }) =>
            samples.every(({ bytesSent }) => bytesSent === 0),
          )
          expected.errors += turnsWithout.length
          expect({ received, bad, errors, lost }).toEqual(expected)
          expect(sent).toBe(received + bad + errors + lost)
          expect(warm + cold).toBe(received)
        }),
        { numRuns: 8, endOnFailure: true, examples: [[Array.from({ length: 5 }, () => 'close')]] },
      )
    },
  )
})
