import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CommandError } from '../errors.ts'
import { run, start } from './exec.ts'
import { until } from './until.ts'

/** Far less than the programs below would take, and far more than a busy machine needs. */
const longMs = 20_000
const programSeconds = '600'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-exec-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function failure(promise: Promise<unknown>): Promise<CommandError> {
  const error: unknown = await promise.then(
    () => 'it succeeded',
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(CommandError)
  return error as CommandError
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Whether it ends in time. */
async function goes(pid: number): Promise<boolean> {
  const isGone = () => (isRunning(pid) ? undefined : true)
  return (await until(isGone, { everyMs: 20, deadlineMs: longMs })) ?? false
}

/** A shell that leaves a program behind which holds its output, and says its process id. */
const leaving = `sleep ${programSeconds} & echo $!`

describe('run', () => {
  it('returns what a program says, and tells it what it was given', async () => {
    const said = await run('sh', ['-c', 'cat; echo oh >&2'], { input: 'hello\n' })
    expect(said).toEqual({ stdout: 'hello', stderr: 'oh' })
  })

  it('does not wait for what a program left behind with its output, and loses nothing', async () => {
    const { stdout } = await run('sh', ['-c', `${leaving}; echo done`], { timeoutMs: longMs })
    const [pid, ...rest] = stdout.split('\n')
    expect(rest).toEqual(['done'])
    expect(await goes(Number(pid))).toBe(true)
  })

  it('keeps all of a long output that somebody else still holds', async () => {
    const { stdout } = await run('sh', [
      '-c',
      `sleep ${programSeconds} & head -c 3000000 /dev/zero | tr '\\0' x`,
    ])
    expect(stdout).toHaveLength(3_000_000)
  })

  it.each([
    ['ends at its deadline, with all that the program started', `${leaving}; sleep ${programSeconds}`],
    ['ends at its deadline when the program does not listen', `trap '' TERM; ${leaving}; sleep 1; wait`],
    ['ends at its deadline when the program is stopped', `${leaving}; kill -STOP $$`],
  ])('%s', async (_, script) => {
    const error = await failure(run('sh', ['-c', script], { timeoutMs: 2000 }))
    expect(error).toMatchObject({ reason: 'timeout' })
    expect(error.message).toMatch(/^sh timed out after 2000 ms: sh -c /)
    // What it said before is kept.
    expect(await goes(Number(/^\d+$/m.exec(error.output)?.[0]))).toBe(true)
  })

  it('ends when it is aborted, with all that the program started', async () => {
    const abort = new AbortController()
    const file = path.join(folder, 'started')
    const running = failure(run('sh', ['-c', `${leaving}; touch "$0"; wait`, file], { signal: abort.signal }))
    await until(() => existsSync(file) || undefined, { everyMs: 10, deadlineMs: longMs })
    abort.abort(new Error('enough'))
    const error = await running
    expect(error).toMatchObject({ reason: 'stopped', cause: { message: 'enough' } })
    expect(await goes(Number(error.output))).toBe(true)
    expect(await failure(run('true', [], { signal: abort.signal }))).toMatchObject({ reason: 'stopped' })
  })

  it.each([
    ['missing', 'hopmeter-no-such-program', [], 'not found on PATH'],
    ['missing', '/dev/null', [], 'could not be started (EACCES)'],
    ['exit', 'sh', ['-c', 'echo no; exit 3'], "exited with 3: sh -c 'echo no; exit 3'\nno"],
    ['signal', 'sh', ['-c', 'kill -HUP $$'], 'was ended by SIGHUP'],
  ] as const)('fails with the reason "%s" (%s)', async (reason, file, args, message) => {
    const error = await failure(run(file, args))
    expect(error.reason).toBe(reason)
    expect(error.message).toContain(`${file} ${message}`)
  })

  it('stops a program that says more than fits, and says so', async () => {
    const error = await failure(run('cat', ['/dev/zero']))
    expect(error).toMatchObject({ reason: 'stopped' })
    expect(error.message).toContain('it wrote more than 128 MiB')
  })
})

describe('start', () => {
  it('ends a stopped program, and what it started, by SIGKILL', async () => {
    const child = start('sh', ['-c', `${leaving}; kill -STOP $$`])
    const pid = await new Promise<number>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
    )
    child.kill('SIGKILL')
    expect(await failure(child.done)).toMatchObject({ reason: 'signal' })
    expect(await goes(pid)).toBe(true)
  })
})

/** A process that runs a program by `start`, and says the program's process id when that is stopped or runs. */
async function other(script: string, end: string) {
  const exec = new URL('./exec.ts', import.meta.url).href
  const program = `
    const { start } = await import('${exec}')
    const child = start('sh', ['-c', ${JSON.stringify(script)}])
    child.stdout.once('data', () => { console.log(child.pid); ${end} })`
  const args = ['--import', 'tsx', '--input-type=module', '-e', program]
  const us = start(process.execPath, args, { env: { TSX_DISABLE_CACHE: '1' } })
  let stderr = ''
  us.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const pid = await new Promise<number>((resolve, reject) => {
    us.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())))
    us.done.catch(() => reject(new Error(stderr)))
  })
  return { us, pid }
}

describe('a program whose hopmeter is gone', () => {
  it.each([
    ['running', `echo up; exec sleep ${programSeconds}`],
    ['stopped', `echo up; kill -STOP $$`],
  ])('is ended by the kernel when that was killed, also when it is %s', async (_, script) => {
    const { us, pid } = await other(script, '')
    us.kill('SIGKILL')
    await us.done.catch(() => {})
    expect(await goes(pid)).toBe(true)
  })

  it.each([
    ['at an exit at once', 'process.exit(7)'],
    ['at an error that nobody caught', `throw new Error('oh')`],
  ])('is ended %s, with what it started', async (_, end) => {
    const { us, pid } = await other(`sleep ${programSeconds} & echo up; wait`, end)
    await us.done.catch(() => {})
    expect(await goes(pid)).toBe(true)
  })
})
