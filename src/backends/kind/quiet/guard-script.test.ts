import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { start } from '../../../process/exec.ts'
import { JsonLinesProcess } from '../../../process/json-lines-process.ts'
import { guardArguments, stilledProcesses } from './guard-script.ts'

// The script itself runs here, on processes of this test: it goes by their names, which nobody else has.
const own = `hm${process.pid}a`.slice(0, 15)
const other = `hm${process.pid}b`.slice(0, 15)
let folder: string
let children: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-guard-'))
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function sleeper(name: string): Promise<number> {
  const file = path.join(folder, name)
  copyFileSync('/bin/sleep', file)
  const child = spawn(file, ['600'], { stdio: 'ignore' })
  children.push(child)
  await once(child, 'spawn')
  return child.pid!
}

/** As the kernel has it: `T` is stopped. */
function stateOf(pid: number): string {
  return / ([A-Z]) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, ''))![1]!
}

async function guard(limitS: number) {
  const child = start('bash', guardArguments(limitS, [own]))
  const lines = new JsonLinesProcess('guard', child)
  await lines.next('ready')
  return { child, lines }
}

test('stops what it is told by name and nothing else, and lets it run again', async () => {
  const [stilled, another] = [await sleeper(own), await sleeper(other)]
  const { lines } = await guard(30)
  expect(await lines.ask({ type: 'freeze' }, 'frozen')).toEqual({ type: 'frozen', processes: 1 })
  // A signal that was sent may not have been delivered yet.
  await expect.poll(() => [stateOf(stilled), stateOf(another)]).toEqual(['T', 'S'])
  const before = Date.now() / 1000
  const thawed = await lines.ask<{ type: 'thawed'; atS: number; expired: boolean }>(
    { type: 'thaw' },
    'thawed',
  )
  expect(thawed.expired).toBe(false)
  expect(thawed.atS).toBeGreaterThan(before - 1)
  await expect.poll(() => stateOf(stilled)).toBe('S')
  await lines.end(5000)
})

test('the end of its input lets everything run, as when hopmeter is killed', async () => {
  const stilled = await sleeper(own)
  const { child, lines } = await guard(600)
  await lines.ask({ type: 'freeze' }, 'frozen')
  await expect.poll(() => stateOf(stilled)).toBe('T')
  child.stdin.end()
  await expect.poll(() => stateOf(stilled)).toBe('S')
})

test('a hopmeter that neither thaws nor ends is not waited for', async () => {
  const stilled = await sleeper(own)
  const { lines } = await guard(1)
  await lines.ask({ type: 'freeze' }, 'frozen')
  await expect.poll(() => stateOf(stilled), { timeout: 20_000 }).toBe('S')
  const thawed = await lines.ask<{ type: 'thawed'; expired: boolean }>({ type: 'thaw' }, 'thawed')
  expect(thawed.expired).toBe(true)
  await lines.end(5000)
})

test('without an input it lets run what a guard that was killed has stopped', async () => {
  const stilled = await sleeper(own)
  const { child, lines } = await guard(600)
  await lines.ask({ type: 'freeze' }, 'frozen')
  await expect.poll(() => stateOf(stilled)).toBe('T')
  child.kill('SIGKILL')
  await child.done.catch(() => {})
  const repair = spawn('bash', guardArguments(30, [own]), { stdio: 'ignore' })
  expect(await once(repair, 'exit')).toEqual([0, null])
  await expect.poll(() => stateOf(stilled)).toBe('S')
})

test('no name is longer than those by which the kernel knows processes', () => {
  expect(stilledProcesses.filter((name) => name.length > 15)).toEqual([])
  expect(stilledProcesses).toContain('kube-controller')
  expect(stilledProcesses).not.toContain('containerd')
})
