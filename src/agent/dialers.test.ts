import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { startIpcChild } from '../process/ipc-child.ts'
import { Dialers, type Dialled } from './dialers.ts'
import { createDriver, type DriverLoad } from './drivers/drivers.ts'
import { BlackHole } from './testing/black-hole.ts'
import { decode, echoServer, sampleOf, sizes, target } from './testing/drive.ts'

const agent = fileURLToPath(new URL('../../dist/agent.mjs', import.meta.url))
const command = [process.execPath, agent, 'dial']
const dialers = new Dialers()
afterEach(() => dialers.close())

function dialTo(port: number, host = '127.0.0.1', dialer = command): Promise<Dialled> {
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
    let dialled = 0
    const driver = await createDriver({
      load,
      targets,
      timeoutMs: 10_000,
      check: 'echo',
      halves: false,
      dialFor: (dialer) => {
        const dial = dialers.dialFor(dialer)
        return (
          dial &&
          ((address, done) => {
            dialled++
            return dial(address, done)
          })
        )
      },
    })
    try {
      await driver.open()
      await driver.turn({ id: 1, seed: 1, durationMs: 500 })
      expect(dialled).toBeGreaterThan(0)
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
    await expect(dialTo(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('fail with a reason when the program that opens them ends or is not there', async () => {
    await expect(dialTo(1, '127.0.0.1', [process.execPath, '-e', 'process.exit(3)'])).rejects.toThrow(
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
      const { socket, startNs, connectedNs } = await dialTo(server.port)
      const after = process.hrtime.bigint()
      expect(startNs).toBeGreaterThan(before)
      expect(connectedNs).toBeGreaterThan(startNs)
      expect(after).toBeGreaterThan(connectedNs)
      socket.destroy()
    } finally {
      await server.close()
    }
  })

  test('are tried no longer than somebody waits for them', async () => {
    const hole = await BlackHole.open()
    const child = startIpcChild(process.execPath, [agent, 'dial'])
    try {
      await once(child, 'message')
      const atRest = socketsOf(child.pid)
      child.send({ id: 1, host: '127.0.0.1', port: hole.port })
      await expect.poll(() => socketsOf(child.pid)).toBe(atRest + 1)
      child.send({ giveUp: 1 })
      await expect.poll(() => socketsOf(child.pid)).toBe(atRest)
    } finally {
      child.disconnect()
      await once(child, 'exit')
      await hole.close()
    }
  })

  test('are not to be had for a closed loop, which opens its own', async () => {
    const driver = await createDriver({
      load: { profile: 'closed', connections: 1, ...sizes },
      targets: [{ ...target('x', 1), dialer: command }],
      timeoutMs: 1000,
      check: 'echo',
      halves: false,
    })
    await expect(driver.open()).rejects.toThrow('the closed profile opens its connections itself')
  })
})

/** Sockets that a process has open. */
function socketsOf(pid: number | undefined): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(join(folder, name)).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}
