import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { BlackHole } from '../testing/black-hole.ts'
import { closing } from '../testing/closing.ts'
import { drive, sizes, target, type TurnOutcome } from '../testing/drive.ts'
import { deadPort } from '../testing/scripted-server.ts'
import type { DriverLoad } from './drivers.ts'

/** Every request that came to nothing says why, also in turns that did not even get to try. */

const profiles: readonly DriverLoad[] = [
  { profile: 'pingpong', protocol: 'http1', ...sizes },
  { profile: 'pingpong', protocol: 'http2', ...sizes },
  { profile: 'pingpong', protocol: 'tcp', ...sizes },
  { profile: 'closed', connections: 2, ...sizes },
  { profile: 'open', connections: 2, ratePerSecond: 400, ...sizes },
  { profile: 'connect', ...sizes },
]

/** Whatever the protocol: it does one thing with a connection and reads nothing. */
async function rawServer(greet: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    greet(socket)
  })
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

/** Ports where nothing is answered, and what has to be said of them. */
const troubles = {
  'nobody listens': {
    open: async () => ({ port: await deadPort(), close: async () => {} }),
    says: 'ECONNREFUSED',
  },
  'nobody answers SYN': { open: () => BlackHole.open(), says: 'no answer|still connecting' },
  'nobody answers requests': { open: () => rawServer(() => {}), says: 'no response|no answer' },
  'connections are closed at once': {
    open: () => rawServer((socket) => void socket.destroy()),
    says: 'closed|ECONNRESET|EPIPE|does not speak',
  },
} as const

function reasonsOf(outcomes: readonly TurnOutcome[]) {
  return outcomes.flatMap(({ samples }) =>
    samples.map(({ sent, received, firstError }) => ({ failed: sent - received, firstError })),
  )
}

test.each(
  profiles.flatMap((load) =>
    Object.entries(troubles).map(([name, trouble]) => {
      const { profile, ...rest } = load
      const protocol = 'protocol' in rest ? `/${rest.protocol}` : ''
      return { what: `${profile}${protocol} where ${name}`, load, ...trouble }
    }),
  ),
)('$what', { timeout: 60_000 }, async ({ load, open, says }) => {
  const peer = closing(await open())
  // Some turns are shorter than the waits after failures.
  const outcomes = await drive(load, [target('p', peer.port)], {
    seeds: [1, 2, 3, 4, 5, 6, 7, 8],
    durationMs: 60,
    timeoutMs: 250,
  })
  const reasons = reasonsOf(outcomes)
  expect(reasons.some(({ failed }) => failed > 0)).toBe(true)
  for (const { failed, firstError } of reasons) {
    // A connection that was closed before it was asked is worth a word, and no request.
    if (failed > 0) expect(firstError).toMatch(new RegExp(says))
  }
})
