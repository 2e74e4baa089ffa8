import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
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

test.each([
  ['closed is said, and is no success', '"$@" >&-; exit $?', 1, 'standard output is closed'],
  ['thrown away is nobody’s business', '"$@" >/dev/null; exit $?', 0, ''],
  ['thrown away by who started the shell neither', 'exec >/dev/null; "$@"; exit $?', 0, ''],
] as const)('standard output that is %s', async (_, script, expected, said) => {
  const { code, stderr } = await hopmeter.run(['list'], { command: bash(script) })
  expect(code).toBe(expected)
  expect(stderr).toContain(said)
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
