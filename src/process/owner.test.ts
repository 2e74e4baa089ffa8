import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { ownIdentity, pidNamespace, statOf } from './process-identity.ts'
import { endOrphans, findOrphans, ownerEnv } from './owner.ts'
import { until } from './until.ts'

/** Not the one of hopmeter itself: what other tests are about to look at must not be ended here. */
const variable = `HOPMETER_TEST_OWNER_${process.pid}`
const started: ChildProcess[] = []
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

/** A program that says it belongs to that process. */
async function marked(owner: object | string, script = 'echo up; exec sleep 600') {
  const text = typeof owner === 'string' ? owner : JSON.stringify(owner)
  const env = { PATH: process.env['PATH'], [variable]: text }
  const child = spawn('sh', ['-c', script], { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  started.push(child)
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return Object.assign(child, { said: said.toString().trim() })
}

const us = { ...ownIdentity(), pidNamespace: pidNamespace() }
/** A process that had our number before us. */
const gone = { ...us, startTicks: '1' }

const orphansOf = (child: ChildProcess) => findOrphans(variable).filter(({ pid }) => pid === child.pid)

test('programs of a process that is gone are found, and ended when they are stopped, with what they started', async () => {
  const running = await marked(gone)
  const stopped = await marked(gone, 'sleep 600 & echo $!; kill -STOP $$')
  const { ended, left } = await endOrphans(undefined, variable)
  expect(left).toEqual([])
  const pids = ended.map(({ pid }) => pid)
  expect(pids).toEqual(expect.arrayContaining([running.pid, stopped.pid, Number(stopped.said)]))
  expect(ended.find(({ pid }) => pid === running.pid)?.command).toBe('sleep 600')
  expect(findOrphans(variable)).toEqual([])
})

test('those of a living process, of another boot or PID namespace, and of nobody are left alone', async () => {
  const others = [
    await marked(us),
    await marked({ ...gone, pidNamespace: 'pid:[1]' }),
    await marked({ pid: us.pid }),
    await marked({ ...gone, pid: '1' }),
    await marked('rubbish'),
    await marked('null'),
    await marked(''),
  ]
  for (const child of others) expect(orphansOf(child)).toEqual([])
  await endOrphans(undefined, variable)
  for (const child of others) expect([child.exitCode, child.signalCode]).toEqual([null, null])
})

test('a process that was killed and never collected is gone', async () => {
  const owner = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(owner)
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  const zombie = Number(line.toString())
  const startTicks = statOf(zombie)?.startTicks
  const child = await marked({ ...us, pid: zombie, startTicks })
  expect(orphansOf(child)).toEqual([])
  // Its parent, by now a sleep, collects nothing.
  process.kill(zombie, 'SIGKILL')
  const isDead = () => (statOf(zombie)?.isDead === true ? true : undefined)
  expect(await until(isDead, { everyMs: 10, deadlineMs: 10_000 })).toBe(true)
  expect(orphansOf(child)).toHaveLength(1)
})

test('what marks a program names this process', () => {
  expect(JSON.parse(ownerEnv()['HOPMETER_OWNER'] ?? '')).toEqual(us)
})
