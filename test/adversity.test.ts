import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commandOf, descendantsOf } from '../src/backends/lab/testing/leftovers.ts'
import { runResult, type JournalEvent } from '../src/results/schema.ts'
import { eventually, Hopmeter, type Running } from './support/hopmeter.ts'

/** What lies around a run: terminals, readers, files, and the processes of its lab. */

const rounds = (count: number) => [
  ...['--restarts', '1', '--rounds', String(count)],
  ...['--duration', '200ms', '--warmup', '100ms'],
]
const quick = ['run', 'single-cluster', ...rounds(4), '--seed', '1', '--no-chart']
const long = ['run', 'single-cluster', ...rounds(200), '--seed', '1', '--no-chart']
let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

function resultOf(run: string) {
  return runResult.parse(JSON.parse(readFileSync(path.join(run, 'result.json'), 'utf8')))
}

/** A busy machine flags rounds, and may make a run void; it is whole all the same. */
const inOrder = ['complete', 'void']

const bash = (script: string) => ['bash', '-c', script, 'bash']

function hasScript(): boolean {
  try {
    execFileSync('script', ['--version'])
    return true
  } catch {
    return false
  }
}

/** A pseudo-terminal in which a shell line runs before hopmeter does. */
const terminal = (before: string) =>
  bash(`unset CI; export TERM=xterm; exec script -qec "${before} exec $(printf '%q ' "$@")" /dev/null`)

describe.skipIf(!hasScript())('a terminal without columns', () => {
  test.each([
    ['from the start', 'stty cols 0 rows 0;'],
    ['from some moment on', 'stty cols 100 rows 30; exec 3<&0; (sleep 1; stty cols 0 rows 0 <&3) &'],
    ['but a few', 'stty cols 3 rows 2;'],
  ])('%s: a run ends, and says as much as elsewhere', async (_, before) => {
    const { code, stdout } = await hopmeter.run(quick, { command: terminal(before) })
    expect({ code, stdout }).toMatchObject({ code: 0 })
    expect(stdout.length).toBeLessThan(200_000)
    expect(inOrder).toContain(resultOf(hopmeter.onlyRun()).status)
  })
})

test.skipIf(!hasScript())('NO_COLOR leaves a terminal without colours', async () => {
  const { code, stdout } = await hopmeter.run(quick, { command: terminal('stty cols 100 rows 30;') })
  expect({ code, stdout }).toMatchObject({ code: 0 })
  expect(stdout).toMatch(/paths proven/)
  // oxlint-disable-next-line no-control-regex -- the escapes of colours are what is looked for
  expect(stdout).not.toMatch(/\x1b\[[\d;]*m/)
})

describe('a reader that goes away', () => {
  test.each([
    ['run', quick],
    ['verify', ['verify', 'single-cluster']],
    ['down', ['down', '--orphans']],
    ['refused command line', ['run', 'nowhere']],
  ])('of progress is not worth a %s', async (_, args) => {
    const { code: usual } = await hopmeter.run(args)
    const { code, stdout } = await hopmeter.run(args, { command: bash('"$@" 2> >(true)') })
    expect({ code, stdout }).toMatchObject({ code: usual })
  })

  test('of progress in mid-run loses no round', async () => {
    const running = hopmeter.start(quick)
    await running.until('proving')
    running.child.stderr?.destroy()
    expect((await running.done).code).toBe(0)
    const { status, measured } = resultOf(hopmeter.onlyRun())
    expect(inOrder).toContain(status)
    expect(measured).toHaveLength(4)
  })

  test.each([
    ['0', ['list'], ''],
    // A machine without programs can run nothing.
    ['1', ['doctor'], 'PATH=/nonexistent'],
    ['2', ['results', 'list', '--nonsense'], ''],
  ])('of results changes no exit code: %s', async (expected, args, env) => {
    const command = bash(`${env} "$@" | exec 1<&-; exit \${PIPESTATUS[0]}`)
    const { code, stderr } = await hopmeter.run(args, { command })
    expect({ code, stderr }).toMatchObject({ code: Number(expected) })
    expect(stderr).not.toMatch(/EPIPE|^\s+at /m)
  })
})

describe('an output that is', () => {
  test.each([
    ['closed is said, and is no success', '"$@" >&-; exit $?', 1, 'standard output is closed'],
    ['closed further out, too', 'exec >&-; timeout 60 "$@"; exit $?', 1, 'standard output is closed'],
    ['closed for errors is said where there is room', '"$@" 2>&-; exit $?', 1, 'standard error is closed'],
    ['closed in every way is no success either', '"$@" >&- 2>&-; exit $?', 1, ''],
    ['thrown away is nobody’s business', '"$@" >/dev/null; exit $?', 0, ''],
    ['thrown away for errors neither', '"$@" 2>/dev/null; exit $?', 0, ''],
    ['thrown away by who started the shell neither', 'exec >/dev/null; "$@"; exit $?', 0, ''],
  ] as const)('%s', async (_, script, expected, said) => {
    const { code, stdout, stderr } = await hopmeter.run(['list'], { command: bash(script) })
    expect(code).toBe(expected)
    expect(stdout + stderr).toContain(said)
  })

  test.each([
    ['closed by a program that then becomes ours', 'exec "$0" list >&-', 1, 'standard output is closed'],
    ['closed for errors by such a program', 'exec "$0" list 2>&-', 1, 'standard error is closed'],
    ['open', 'exec "$0" list', 0, 'hop-ladder'],
    ['thrown away as Node does it', 'exec "$0" list 1<>/dev/null', 0, ''],
  ] as const)('%s, for the installed command', async (_, script, expected, said) => {
    const command = path.join(import.meta.dirname, '../dist/cli/main.js')
    const child = spawnSync('bash', ['-c', script, command], { encoding: 'utf8' })
    expect(child.status).toBe(expected)
    expect(child.stdout + child.stderr).toContain(said)
  })

  test('ignored by who starts us is nobody’s business', () => {
    const command = path.join(import.meta.dirname, '../dist/cli/main.js')
    for (const [program, ...args] of [[command] as const, [process.execPath, command] as const])
      expect(spawnSync(program, [...args, 'list'], { stdio: 'ignore' }).status).toBe(0)
  })
})

describe('a reader that never reads', () => {
  /** A pipe that is full, with both of its ends open. */
  const fullPipe = 'mkfifo p && exec 7<>p && head -c 65536 /dev/zero >&7 &&'

  test.each([
    ['run', quick, 0],
    ['refused command line', ['run', 'nowhere'], 2],
  ] as const)('of progress keeps no %s waiting', async (_, args, expected) => {
    const { code, stdout } = await hopmeter.run(args, {
      command: bash(`${fullPipe} "$@" 2>p; exit $?`),
    })
    expect({ code, stdout }).toMatchObject({ code: expected })
    if (expected === 0) expect(resultOf(hopmeter.onlyRun()).measured).toHaveLength(4)
  })

  test('of progress by a socket keeps no run waiting', async () => {
    const running = hopmeter.start(quick)
    running.child.stderr?.pause()
    expect((await once(running.child, 'exit'))[0]).toBe(0)
    expect(resultOf(hopmeter.onlyRun()).measured).toHaveLength(4)
    running.child.stderr?.resume()
  })

  test('of results ends with the verb’s own code once it has gone', async () => {
    const script = `${fullPipe} { "$@" >p; echo $? >code; } & sleep 2; head -c 65537 <&7 >/dev/null; exec 7<&-; wait; exit "$(cat code)"`
    const { code } = await hopmeter.run(['show', 'nowhere'], { command: bash(script) })
    expect(code).toBe(2)
  })

  test.skipIf(!hasScript())('of a terminal that was stopped keeps no run waiting', async () => {
    // The shell in the terminal fills it, stops who reads it, and lets that go on when the run is over.
    const command = bash(
      `unset CI; export TERM=xterm; exec script -qec "yes >/dev/tty & kill -STOP \\$PPID; \
$(printf '%q ' "$@") >out; code=\\$?; kill -KILL \\$!; kill -CONT \\$PPID; exit \\$code" /dev/null`,
    )
    const { code } = await hopmeter.run(quick, { command })
    expect(code).toBe(0)
    expect(resultOf(hopmeter.onlyRun()).measured).toHaveLength(4)
  })

  test.skipIf(!hasScript())('of results in a terminal that was stopped gets all of them later', async () => {
    // Long after the run has ended, the terminal goes on, and takes what we still hold.
    const command = bash(
      `unset CI; export TERM=xterm; exec script -qec "yes >/dev/tty & kill -STOP \\$PPID; \
(until test -e results/*/result.json; do sleep 0.1; done; sleep 3; kill -KILL \\$!; kill -CONT \\$PPID) & \
$(printf '%q ' "$@")" /dev/null`,
    )
    const { code, stdout } = await hopmeter.run(quick, { command })
    expect(code).toBe(0)
    expect(stdout).toContain('What each step costs:')
    expect(stdout).toContain('* This holds for one start of these programs')
  })
})

/** The process of a run whose command line has these words. */
async function processOf(running: Running, words: string): Promise<number> {
  const found = () =>
    descendantsOf(running.child.pid ?? -1).filter(
      ({ pid }) => commandOf(pid).includes(words) && !commandOf(pid).startsWith('nsenter'),
    )
  await eventually(() => found().length > 0, words)
  return found()[0]!.pid
}

const programs = [
  ['an echo server', 'agent.mjs serve', /\w+ failed: it was ended by SIGKILL/],
  ['a proxy', 'lab-component.mjs', /\w+ failed: it was ended by SIGKILL/],
  ['a load agent', 'agent.mjs load', /load agent of .+ failed: it was ended by SIGKILL/],
  ['the first process of the lab', 'sh -c read', /the first process of the lab failed/],
] as const

describe('a process of the lab', () => {
  test.each(programs)('%s that dies in mid-run ends it with a reason', async (_, words, reason) => {
    const running = hopmeter.start(long)
    await running.until('round 1/200')
    process.kill(await processOf(running, words), 'SIGKILL')
    const { code, stderr } = await running.done
    expect({ code, stderr }).toMatchObject({ code: 1 })
    expect(stderr).toMatch(reason)
    expect(stderr).not.toMatch(/^\s+at /m)
    const run = hopmeter.onlyRun()
    const last = readFileSync(path.join(run, 'journal.ndjson'), 'utf8').trimEnd().split('\n').at(-1) ?? ''
    const end = JSON.parse(last) as JournalEvent & { type: 'end' }
    expect(end).toMatchObject({ type: 'end', status: 'failed' })
    expect(end.reason).toMatch(reason)
    expect(resultOf(run)).toMatchObject({ status: 'failed', reason: end.reason })
  })

  test.each(programs)('%s that is stopped keeps no Ctrl-C waiting', async (_, words) => {
    const running = hopmeter.start(long)
    await running.until('round 1/200')
    process.kill(await processOf(running, words), 'SIGSTOP')
    const startedAt = performance.now()
    running.child.kill('SIGINT')
    const { code, stderr } = await running.done
    expect({ code, stderr }).toMatchObject({ code: 130 })
    expect(performance.now() - startedAt).toBeLessThan(15_000)
    expect(resultOf(hopmeter.onlyRun()).status).toBe('interrupted')
  })

  test.each(programs)('%s that was stopped for a second is taken down', async (_, words) => {
    const running = hopmeter.start(['run', 'single-cluster', ...rounds(12), '--seed', '1', '--no-chart'])
    await running.until('round 1/12')
    const pid = await processOf(running, words)
    process.kill(pid, 'SIGSTOP')
    setTimeout(() => process.kill(pid, 'SIGCONT'), 1000)
    const { code, stderr } = await running.done
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(resultOf(hopmeter.onlyRun()).measured).toHaveLength(12)
  })

  test.each(programs)('%s that is stopped when hopmeter is killed is gone too', async (_, words) => {
    const running = hopmeter.start(long)
    await running.until('round 1/200')
    process.kill(await processOf(running, words), 'SIGSTOP')
    // Now nsenter has noticed, and has stopped itself.
    await new Promise((resolve) => setTimeout(resolve, 200))
    running.child.kill('SIGKILL')
    await running.done
    expect(await hopmeter.left()).toEqual([])
    const { stdout } = await hopmeter.run(['results', 'list'])
    expect(stdout).toContain('interrupted')
  })

  test.each(programs)(
    '%s that is stopped when hopmeter is killed, where no kernel ends it, is found and ended',
    async (_, words) => {
      // A setpriv that knows no --pdeathsig, as that of busybox.
      writeFileSync(path.join(hopmeter.folder, 'setpriv'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
      const command = bash('PATH="$PWD:$PATH" exec "$@"')
      const running = hopmeter.start(long, { command })
      await running.until('hopmeter down --orphans ends it')
      await running.until('round 1/200')
      const pid = await processOf(running, words)
      process.kill(pid, 'SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, 200))
      running.child.kill('SIGKILL')
      await running.done
      const { code, stdout } = await hopmeter.run(['down', '--orphans'])
      expect({ code, stdout }).toMatchObject({ code: 0 })
      expect(await hopmeter.left()).toEqual([])
      expect(stdout).toMatch(/^ended \d+ process(?:es)? of a hopmeter that is gone:\n {2}\d+ \S/)
    },
  )
})

test('processes of a hopmeter that lives are no orphans', async () => {
  const running = hopmeter.start(quick)
  await running.until('round 1/4')
  // The lock keeps another one out while this one works; nothing else has to.
  const other = bash('HOPMETER_LOCK_NAME="$HOPMETER_LOCK_NAME-other" exec "$@"')
  const { code, stdout } = await hopmeter.run(['down', '--orphans'], { command: other })
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'nothing to take down\n' })
  expect((await running.done).code).toBe(0)
  expect(resultOf(hopmeter.onlyRun()).measured).toHaveLength(4)
})

describe('the folder of results', () => {
  test('that is removed in mid-run ends it at once, and says so', async () => {
    const running = hopmeter.start(long)
    await running.until('round 1/200')
    rmSync(path.join(hopmeter.folder, 'results'), { recursive: true })
    const { code, stderr } = await running.done
    expect({ code, stderr }).toMatchObject({ code: 1 })
    expect(stderr).toContain('was removed or replaced while its run was being measured')
    expect(existsSync(path.join(hopmeter.folder, 'results'))).toBe(false)
  })

  test.skipIf(process.getuid?.() !== 0).each([4, 8, 12, 16, 24, 64])(
    'of %i KiB leaves a run that can be read, or none',
    async (kib) => {
      const script = `mkdir results && mount -t tmpfs -o size=${kib}k tmpfs results || exit 99
        "$@" >&2; echo "run $?"; exec "$1" "$2" results list`
      const command = ['unshare', '--mount', ...bash(script)]
      const { code, stdout, stderr } = await hopmeter.run(long, { command })
      expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
      expect(stdout).toContain('run 1')
      expect(stdout).not.toContain('unreadable')
      expect(stderr).toContain('ENOSPC')
    },
  )
})
