import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { closing } from '../testing/closing.ts'
import { sizes, target } from '../testing/drive.ts'
import { goodResponse, startScriptedServer } from '../testing/scripted-server.ts'
import { createDriver } from './drivers.ts'

const pingpong = { profile: 'pingpong', protocol: 'http1', ...sizes } as const

describe('a flood', () => {
  /** Answers once every connection has asked, or nobody else has for a while. */
  async function barrier(size: number) {
    const waiting: Socket[] = []
    const state = { most: 0, requests: 0 }
    let timer: NodeJS.Timeout | undefined
    const answer = () => {
      clearTimeout(timer)
      for (const socket of waiting.splice(0)) socket.write(goodResponse())
    }
    const server = closing(
      await startScriptedServer((socket) => {
        state.requests++
        waiting.push(socket)
        state.most = Math.max(state.most, waiting.length)
        clearTimeout(timer)
        if (waiting.length === size) answer()
        else timer = setTimeout(answer, 100)
      }),
    )
    return { server, waiting, state }
  }
  const open = async (port: number) => {
    const targets = ['a', 'b', 'c', 'd'].map((path) => target(path, port))
    const driver = closing(
      await createDriver({ load: pingpong, targets, timeoutMs: 10_000, check: 'echo', halves: true }),
    )
    await driver.open()
    return driver
  }

  test('sends over all connections at once, and ends after its time with nothing in flight', async () => {
    const { server, waiting, state } = await barrier(4)
    const driver = await open(server.port)
    const startedMs = performance.now()
    await driver.turn({ id: 1, seed: 1, durationMs: 100, flood: true })
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(99)
    expect(state.most).toBe(4)
    expect(waiting).toEqual([])
    const samples = driver.takeSamples()
    expect(samples.reduce((sum, { received }) => sum + received, 0)).toBe(state.requests)
    for (const sample of samples) expect(sample).toMatchObject({ lost: 0, errors: 0, bad: 0 })
  })

  test('is over for the turn that follows: one request in flight again', async () => {
    const { server, state } = await barrier(4)
    const driver = await open(server.port)
    await driver.turn({ id: 1, seed: 1, durationMs: 50, flood: true })
    state.most = 0
    await driver.turn({ id: 2, seed: 2, durationMs: 250 })
    expect(state.most).toBe(1)
  })

  test('leaves a path alone on which nobody answers connections, and ends', async () => {
    const { server } = await barrier(1)
    const targets = [target('a', server.port), target('dead', 1)]
    const driver = closing(
      await createDriver({ load: pingpong, targets, timeoutMs: 1000, check: 'echo', halves: true }),
    )
    await driver.open()
    await driver.turn({ id: 1, seed: 1, durationMs: 50, flood: true })
    const [alive, dead] = driver.takeSamples()
    expect(alive!.received).toBeGreaterThan(0)
    // The one request that no connection came to be for, when the driver was opened.
    expect(dead).toMatchObject({ sent: 1, errors: 1, received: 0, bad: 0, lost: 0, bytesSent: 0 })
  })

  test('ends early when its driver is closed', async () => {
    const server = closing(await startScriptedServer(() => {}))
    const driver = await open(server.port)
    const turn = driver.turn({ id: 1, seed: 1, durationMs: 3_600_000, flood: true })
    await driver.close()
    await expect(turn).resolves.toBeUndefined()
  })
})
