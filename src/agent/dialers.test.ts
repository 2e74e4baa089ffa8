import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { Dialers, type Dialled } from './dialers.ts'
import { createDriver, type DriverLoad } from './drivers/drivers.ts'
import { decode, echoServer, sampleOf, sizes, target } from './testing/drive.ts'

const agent = fileURLToPath(new URL('../../dist/agent.mjs', import.meta.url))
const command = [process.execPath, agent, 'dial']
const dialers = new Dialers()
afterEach(() => dialers.close())

function dialled(port: number, host = '127.0.0.1', dialer = command): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    dialers.dialFor(dialer)?.({ host, port }, (error, made) => (made ? resolve(made) : reject(error)))
  })
}

const loads: readonly DriverLoad[] = [
  { profile: 'pingpong', protocol: 'http1', ...sizes },
  { profile: 'pingpong', protocol: 'http2', ...sizes },
  { profile: 'pingpong', protocol: 'tcp', ...sizes },
  { profile: 'open', ratePerSecond: 200, connections: 2, ...sizes },
  { profile: 'connect', ...sizes },
]

describe('connections that another process opens', () => {
  test.each(loads)('carry load like our own: $profile $protocol', async (load) => {
    const server = await echoServer('far')
    const targets = [target('here', server.port), { ...target('there', server.port), dialer: command }]
    await dialers.start(targets)
    const driver = await createDriver({
      load,
      targets,
      timeoutMs: 10_000,
      check: 'echo',
      halves: false,
      dialFor: (dialer) => dialers.dialFor(dialer),
    })
    try {
      await driver.open()
      await driver.turn({ id: 1, seed: 1, durationMs: 500 })
      const outcome = { samples: driver.takeSamples(), wallMs: 0 }
      for (const path of ['here', 'there']) {
        const { received, sent, errors, lost, bad, firstError, warm, bytesSent, bytesReceived } = sampleOf(
          outcome,
          path,
        )
        expect({ path, errors, lost, bad, firstError }).toEqual({ path, errors: 0, lost: 0, bad: 0 })
        expect(received).toBe(sent)
        expect(decode(warm).totalCount).toBeGreaterThan(0)
        expect(bytesSent).toBeGreaterThan(0)
        expect(bytesReceived).toBeGreaterThan(0)
      }
    } finally {
      await driver.close()
      await server.close()
    }
  })

  test('say why they were refused, with the code that the system gave', async () => {
    const server = await echoServer('gone')
    await server.close()
    await expect(dialled(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('fail with a reason when the program that opens them ends or is not there', async () => {
    await expect(dialled(1, '127.0.0.1', [process.execPath, '-e', 'process.exit(3)'])).rejects.toThrow(
      'the program that opens connections in another pod ended (code 3)',
    )
    await expect(dialers.start([{ ...target('x', 1), dialer: ['/nowhere/nsenter'] }])).rejects.toThrow(
      'cannot start /nowhere/nsenter',
    )
  })

  test('time connecting by the clock of all processes', async () => {
    const server = await echoServer('clock')
    try {
      const before = process.hrtime.bigint()
      const { socket, startNs, connectedNs } = await dialled(server.port)
      const after = process.hrtime.bigint()
      expect(startNs).toBeGreaterThan(before)
      expect(connectedNs).toBeGreaterThan(startNs)
      expect(after).toBeGreaterThan(connectedNs)
      socket.destroy()
    } finally {
      await server.close()
    }
  })
})
