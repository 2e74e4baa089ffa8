import { connect } from 'node:net'
import type { RoundTripConfig } from './protocol.ts'

const timeoutMs = 30_000

/**
 * Median round-trip time to a host, ms: how long a connection to a closed port takes to be refused.
 * @throws Error when the host does not refuse, but answers otherwise or not at all.
 */
export async function medianRoundTripMs({ host, port, count }: RoundTripConfig): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < count; i += 1) times.push(await refusedAfterMs(host, port))
  return times.toSorted((a, b) => a - b)[Math.floor(count / 2)] ?? Number.NaN
}

function refusedAfterMs(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const socket = connect({ host, port })
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new Error(`no answer from ${host} within ${timeoutMs} ms`)),
    )
    socket.once('connect', () => socket.destroy(new Error(`port ${port} of ${host} is open`)))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve(performance.now() - start)
      else reject(error)
    })
  })
}
