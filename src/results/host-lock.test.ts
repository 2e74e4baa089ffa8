import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { HopmeterError, UsageError } from '../errors.ts'
import { start } from '../process/exec.ts'
import { hostLockHolder, lockHost } from './host-lock.ts'
import { bundled } from './testing/bundled.ts'

const programs = mkdtempSync(path.join(tmpdir(), 'hopmeter-programs-'))
afterAll(() => rmSync(programs, { recursive: true }))
const lockingProcess = await bundled(new URL('testing/locking-process.ts', import.meta.url), programs)

const me = { runId: '2026-11-23t09-09-09z-hop-ladder-0001', scenario: 'hop-ladder' }
let tests = 0
let lockName = ''

beforeEach(() => {
  lockName = `hopmeter-test-lock-${process.pid}-${tests++}`
  process.env['HOPMETER_LOCK_NAME'] = lockName
  onTestFinished(() => void delete process.env['HOPMETER_LOCK_NAME'])
})

interface Answer {
  readonly won: boolean
  readonly message?: string
  readonly hint?: string
}

/** A process that tries for a lock each time it is told to. */
function rival() {
  const child = start(process.execPath, [lockingProcess])
  onTestFinished(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid,
    async tryFor(name: string): Promise<Answer> {
      child.stdin.write(`${name}\n`)
      const { value } = (await lines.next()) as { value: string }
      return JSON.parse(value) as Answer
    },
    async die(): Promise<void> {
      child.kill('SIGKILL')
      await child.done.catch(() => {})
    },
  }
}

describe.runIf(process.platform === 'linux')('the run lock', () => {
  test('goes to exactly one of two processes, however often they race', async () => {
    const [one, two] = [rival(), rival()]
    const wins = { one: 0, two: 0 }
    for (let round = 0; round < 300; round++) {
      const name = `${lockName}-${round}`
      const [a, b] = await Promise.all([one.tryFor(name), two.tryFor(name)])
      expect([a.won, b.won].filter(Boolean)).toHaveLength(1)
      wins[a.won ? 'one' : 'two'] += 1
    }
    expect(wins.one + wins.two).toBe(300)
  })

  test('names its holder and what to do', async () => {
    const holder = rival()
    expect(await holder.tryFor(lockName)).toEqual({ won: true })
    const failure = lockHost(me)
    await expect(failure).rejects.toThrow(HopmeterError)
    await expect(failure).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`2026-11-23t01-02-03z-mixed-7f3a .*"mixed", pid ${holder.pid}, since 20\\d\\d-`),
      ) as string,
      hint: expect.stringContaining(`kill ${holder.pid}`) as string,
    })
    expect(await hostLockHolder()).toMatchObject({ pid: holder.pid, scenario: 'mixed' })
  })

  test('is free at once when its holder is killed with SIGKILL', async () => {
    const holder = rival()
    expect((await holder.tryFor(lockName)).won).toBe(true)
    await holder.die()
    const lock = await lockHost(me)
    await lock.release()
  })

  test('is free after release, which may come twice', async () => {
    const lock = await lockHost(me)
    await lock.release()
    await lock.release()
    expect(await hostLockHolder()).toBeUndefined()
    const again = await lockHost(me)
    await again.release()
  })

  test('that changes hands all the time is either won or names who has it', async () => {
    const outcomes = { won: 0, named: 0, other: [] as string[] }
    const contend = async () => {
      for (let i = 0; i < 300; i++) {
        try {
          const lock = await lockHost(me)
          outcomes.won += 1
          await lock.release()
        } catch (error) {
          const { message } = error as Error
          if (message.includes(`pid ${process.pid}`)) outcomes.named += 1
          else outcomes.other.push(message)
        }
      }
    }
    await Promise.all([contend(), contend(), contend()])
    expect(outcomes.other).toEqual([])
    expect(outcomes.won).toBeGreaterThan(0)
  })

  test('is let go of even while someone stays connected to it', async () => {
    const lock = await lockHost(me)
    const idler = createConnection({ path: `\0${lockName}`, allowHalfOpen: true })
    onTestFinished(() => void idler.destroy())
    await new Promise((resolve) => idler.once('data', resolve))
    await lock.release()
    expect(await hostLockHolder()).toBeUndefined()
  })

  test('keeps a second run of the same process out, too', async () => {
    const lock = await lockHost(me)
    await expect(lockHost(me)).rejects.toThrow(/another hopmeter is at work/)
    await lock.release()
  })

  test.each([
    ['says nothing', () => ''],
    ['says rubbish', () => 'rubbish'],
    ['never stops talking', () => 'x'.repeat(1 << 20)],
    [
      'tries to write to the terminal',
      () =>
        JSON.stringify({
          pid: 1,
          runId: '\u001b]0;owned\u0007',
          scenario: 'a',
          since: '2026-11-23T00:00:00Z',
        }),
    ],
    ['lies about its process', () => JSON.stringify({ ...me, pid: -1, since: '2026-11-23T00:00:00Z' })],
  ])('held by a stranger who %s is still held', async (_, answer) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end(answer())
    })
    await new Promise<void>((resolve) => server.listen(`\0${lockName}`, resolve))
    onTestFinished(() => void server.close())
    await expect(lockHost(me)).rejects.toThrow(/a process that does not say who it is/)
    expect(await hostLockHolder()).toBeUndefined()
  })

  test('held by a stranger who never answers does not hang', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(`\0${lockName}`, resolve))
    onTestFinished(() => void server.close())
    await expect(lockHost(me)).rejects.toThrow(/a process that does not say who it is/)
  })

  test.each(['', 'x'.repeat(101)])('has no name like "%s"', async (name) => {
    process.env['HOPMETER_LOCK_NAME'] = name
    await expect(lockHost(me)).rejects.toThrow(UsageError)
  })
})
