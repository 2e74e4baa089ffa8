import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRunDirectory } from '../src/results/run-directory.ts'
import { sampleEvents } from '../src/results/testing/sample-run.ts'
import { eventually, Hopmeter } from './support/hopmeter.ts'

let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

const runIds = ['2026-11-21t10-00-00z-hop-ladder-0001', '2026-11-22t10-00-00z-hop-ladder-0002'] as const

const verbs =
  'list show plan doctor calibrate probe run aa up exec verify results summary compare chart report export import schema completion'.split(
    ' ',
  )

describe('help and usage', () => {
  test.each(verbs)('%s --help shows usage and examples', async (verb) => {
    const { code, stdout } = await hopmeter.call([...verb.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: hopmeter ${verb}`)
    expect(stdout).toContain('Examples:')
  })

  test('an unknown verb is a usage error with a suggestion', async () => {
    const { code, stderr, stdout } = await hopmeter.call(['sumary'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Did you mean summary?')
  })

  test.each([
    [['run', 'hop-ladder', '--rounds', '0'], 'whole number of 1 or more'],
    [['run', 'hop-ladder', '--duration', '5'], 'with a unit'],
    [['run', 'hop-ladder', '--verify', 'maybe'], 'strict'],
    [['run', 'hop-ladder', '--path', 'nope'], 'has no path "nope"'],
    [['run', 'hop-lader'], 'hop-ladder'],
    [['probe', 'ftp://127.0.0.1/'], 'only http://'],
    [['compare', 'latest', 'latest', '--fail-on', 'p51>5%'], 'no regression rule'],
    [['compare', 'latest', 'latest', '--allow', 'weather'], 'none of'],
    [['compare', ',', 'latest#single'], 'names no run'],
    [['results', 'list', '--nonsense'], "unknown option '--nonsense'"],
    [['results', '--nonsense'], "unknown option '--nonsense'"],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, stderr, stdout } = await hopmeter.call(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  test('results that cannot be written are an operational failure', async () => {
    const { code, stderr } = await hopmeter.run(['list'], {
      command: ['sh', '-c', 'exec "$@" >/dev/full', 'sh'],
    })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('cannot write the results') as string,
    })
  })

  test('a run that does not exist is an operational failure that names the next step', async () => {
    const { code, stderr } = await hopmeter.call(['summary', 'latest'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Error: .*\n {2}next: /m)
  })
})

describe('an answer that cannot be given', () => {
  const keepTwoPaths = async () => {
    const directory = await createRunDirectory(path.join(hopmeter.folder, 'results'), runIds[0], 'name: x\n')
    for (const event of sampleEvents({ rounds: 30 }))
      await directory.append(event.type === 'run' ? { ...event, id: runIds[0] } : event)
    await directory.finish()
  }
  const regression = ['compare', 'latest#single', 'latest#gateway', '--fail-on', 'p50>5%', '-o', 'json']

  test('keeps its verdict when the reader has gone away', async () => {
    await keepTwoPaths()
    expect((await hopmeter.run(regression)).code).toBe(3)
    const { child, done } = hopmeter.start(regression)
    child.stdout!.destroy()
    expect(await done).toMatchObject({ code: 3, stderr: expect.not.stringContaining('Error') as string })
    const piped = { command: ['bash', '-c', '"$@" | true; exit "${PIPESTATUS[0]}"', 'bash'] }
    expect((await hopmeter.run(regression, piped)).code).toBe(3)
    expect((await hopmeter.run(['list'], piped)).code).toBe(0)
  })

  test('keeps its verdict on a full disk, and is a failure where it had none', async () => {
    await keepTwoPaths()
    const full = { command: ['sh', '-c', 'exec "$@" >/dev/full', 'sh'] }
    expect(await hopmeter.run(regression, full)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('cannot write the results') as string,
    })
    for (const args of [['list'], ['schema'], ['completion', 'bash'], ['--version'], ['run', '--help']]) {
      expect({ args, code: (await hopmeter.run(args, full)).code }).toEqual({ args, code: 1 })
    }
  })

  test('is a failure where a shell closed standard output, and none where it was sent to /dev/null', async () => {
    const through = (redirection: string) =>
      hopmeter.run(['list'], { command: ['bash', '-c', `"$@" ${redirection}; exit $?`, 'bash'] })
    expect(await through('>&-')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('standard output is closed') as string,
    })
    expect(await through('>/dev/null')).toMatchObject({ code: 0, stderr: '' })
  })

  test('because the working folder is gone says so', async () => {
    const gone = { command: ['sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'sh'] }
    for (const args of [['chart', 'latest'], ['run', 'single-cluster'], ['results'], ['summary', './x']]) {
      const { code, stderr } = await hopmeter.run(args, gone)
      expect(stderr).not.toContain('a bug in hopmeter')
      if (args[0] !== 'results') expect({ args, code }).toEqual({ args, code: 1 })
    }
  })
})

describe('what was left empty', () => {
  test.each([
    [['run', '', '--no-chart'], 'argument 1 is empty'],
    [['summary', ' '], 'argument 1 is empty'],
    [['compare', 'latest', ''], 'argument 2 is empty'],
    [['compare', 'a,,b', 'c'], 'names a run that is empty'],
    [['down', ''], 'argument 1 is empty'],
    [['import', ''], 'argument 1 is empty'],
    [['probe', ''], 'argument 1 is empty'],
    [['summary', '--results', ''], '--results'],
    [['summary', '--metric', ''], '--metric'],
    [['run', 'mixed', '--path='], '--path'],
    [['run', 'mixed', '--label', 'a='], '"a" has no value'],
    [['run', 'mixed', '--seed', ''], '--seed'],
    [['plan', 'mixed', '--backend', 'contexts', '--context', 'east-1='], '"east-1" has no value'],
    [['plan', 'mixed', '--backend', 'kind', '--istio-set', 'tag='], '"tag" has no value'],
    [['plan', 'mixed', '--backend', 'kind', '--gateway-api', ''], '--gateway-api'],
    [['export', 'latest', '--format', 'csv', '--out', ''], '--out'],
    [['list', '-o', ''], '--output'],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, stderr, stdout } = await hopmeter.run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  test('is unset when it is a variable of ours', async () => {
    const names = 'OUTPUT RESULTS BACKEND MESH ISTIO GATEWAY_API NODE_IMAGE CLIENTS RESOURCES ISTIOD_ENV'
    const variables = names.split(' ').map((name, i) => `HOPMETER_${name}=${i % 2 === 0 ? '' : ' '}`)
    const plain = await hopmeter.run(['plan', 'mixed'])
    const { code, stdout } = await hopmeter.run(['plan', 'mixed'], { command: ['env', ...variables] })
    expect({ code, stdout }).toEqual({ code: 0, stdout: plain.stdout })
  })
})

describe('scenario files', () => {
  test('an invalid file is refused before anything starts: every problem with its place, exit code 2', async () => {
    const file = path.join(hopmeter.folder, 'bad.yaml')
    await writeFile(
      file,
      `apiVersion: hopmeter/v1
kind: Scenario
metadata: { name: bad, title: Bad }
spec:
  clusters:
    - { name: a, network: n, podCidr: 10.10.0.0/16, serviceCidr: 10.110.0.0/16 }
    - { name: b, netwrok: n, podCidr: 10.10.0.0/16, serviceCidr: 10.120.0.0/16 }
  paths:
    - { name: p, client: { cluster: a }, server: { cluster: c }, expect: 4 }
`,
    )
    const { code, stderr } = await hopmeter.call(['run', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(/bad\.yaml:7:\d+: .*netwrok.*network/)
    expect(stderr).toMatch(/bad\.yaml:9:\d+: .*"c"/)
    expect(existsSync(path.join(hopmeter.folder, 'results'))).toBe(false)
  })

  test('plan prints commands that a shell can read, and touches nothing', async () => {
    const { code, stdout } = await hopmeter.call(['plan', 'mixed'])
    expect(code).toBe(0)
    const script = stdout.slice(stdout.indexOf('\n# ') + 1)
    expect(() => execFileSync('bash', ['-n'], { input: script })).not.toThrow()
    expect(stdout).toContain('ip -batch -')
  })

  test('show --yaml prints a file that show accepts again', async () => {
    const { stdout } = await hopmeter.run(['show', '--yaml', 'mixed'])
    const again = await hopmeter.run(['show', '-', '-o', 'json'], { input: stdout })
    expect(again.code).toBe(0)
    expect((JSON.parse(again.stdout) as { name: string }).name).toBe('mixed')
  })
})

/** A kept run of two rounds. */
async function keepRun(id: string): Promise<void> {
  const directory = await createRunDirectory(path.join(hopmeter.folder, 'results'), id, 'name: x\n')
  for (const event of sampleEvents({ rounds: 2 }))
    await directory.append(event.type === 'run' ? { ...event, id } : event)
  await directory.finish()
}

describe('kept runs', () => {
  test('are listed by "results" alone, wherever they are', async () => {
    await keepRun(runIds[0])
    const { code, stdout } = await hopmeter.call(['results', '--results', 'results'])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^RUN .*\n${runIds[0]} `))
    expect(await hopmeter.call(['results', 'list'])).toMatchObject({ code: 0, stdout })
    const json = await hopmeter.call(['results', '-o', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: runIds[0], rounds: 2 }])
  })

  test('that cannot be read are named, and latest is the newest of the others', async () => {
    await keepRun(runIds[0])
    mkdirSync(path.join(hopmeter.folder, 'results', runIds[1]))
    const { code, stdout, stderr } = await hopmeter.call(['compare', 'latest#single', 'latest#gateway'])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain('gateway')
    expect(stderr.match(new RegExp(`${runIds[1]} cannot be read and is skipped`, 'g'))).toHaveLength(1)
    expect(stderr).toContain(`latest is ${runIds[0]}`)
    expect((await hopmeter.call(['results'])).stderr).toContain(`${runIds[1]} cannot be read: `)
  })

  test.each([
    ['chart', 'latest', '--out', '/proc/hopmeter/charts'],
    ['report', 'latest', '--format', 'markdown', '--out', '/proc/hopmeter/report.md'],
    ['report', 'latest', '--no-charts', '--out', '/proc/hopmeter.html'],
    ['export', 'latest', '--format', 'csv', '--out', '/proc/hopmeter.csv'],
  ])('%s %s where nothing can be written fails and says so', async (...args) => {
    await keepRun(runIds[0])
    const { code, stdout, stderr } = await hopmeter.call(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Error: cannot write \/proc\/hopmeter.*: ENOENT.*\n {2}next: .*--out/)
  })

  test('are written to standard output where --out says so, and to the format that a name says', async () => {
    await keepRun(runIds[0])
    const plain = await hopmeter.run(['export', 'latest', '--format', 'csv'])
    for (const out of ['-', '/dev/stdout'])
      expect(await hopmeter.run(['export', 'latest', '--format', 'csv', '--out', out])).toEqual(plain)
    const html = await hopmeter.run(['report', 'latest', '--no-charts', '--out', '-'])
    expect(html.stdout).toMatch(/^<!doctype html>/i)
    const markdown = await hopmeter.run(['report', 'latest', '--format', 'markdown', '--out', '-'])
    expect(markdown.stdout).toMatch(/^# Every component/)
    expect(existsSync(path.join(hopmeter.folder, '-'))).toBe(false)
    expect((await hopmeter.run(['report', 'latest', '--no-charts', '--out', 'x.MD'])).code).toBe(0)
    expect(readFileSync(path.join(hopmeter.folder, 'x.MD'), 'utf8')).toMatch(/^# Every component/)
    expect(await hopmeter.run(['report', '--format', 'html', '--out', 'x.md'])).toMatchObject({ code: 2 })
    expect(await hopmeter.run(['chart', 'latest', '--out', '-'])).toMatchObject({ code: 2 })
  })

  test('are never written through what lies in their folder', async () => {
    await keepRun(runIds[0])
    const folder = path.join(hopmeter.folder, 'results', runIds[0])
    const elsewhere = path.join(hopmeter.folder, 'elsewhere')
    mkdirSync(elsewhere)
    await writeFile(path.join(elsewhere, 'precious'), 'precious')
    symlinkSync(path.join(elsewhere, 'precious'), path.join(folder, 'report.html'))
    execFileSync('mkfifo', [path.join(folder, 'report.md')])
    symlinkSync(elsewhere, path.join(folder, 'report-charts'))
    symlinkSync(path.join(elsewhere, 'precious'), path.join(folder, 'ladder-pingpong.svg'))
    for (const args of [
      ['report', 'latest'],
      ['report', 'latest', '--format', 'markdown'],
      ['report', 'latest', '--format', 'markdown', '--no-charts'],
      ['chart', 'latest', '--kind', 'ladder', '--format', 'svg'],
    ]) {
      const { code, stderr } = await hopmeter.run(args)
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/cannot write .*: it is (a link|not a file)/) as string,
      })
    }
    expect(readdirSync(elsewhere)).toEqual(['precious'])
    expect(readFileSync(path.join(elsewhere, 'precious'), 'utf8')).toBe('precious')
  })

  test('are refused at once when a pipe or device stands for one of their files', async () => {
    for (const [i, name] of ['journal.ndjson', 'result.json'].entries()) {
      const folder = path.join(hopmeter.folder, 'results', `2026-11-2${i + 1}t10-00-00z-hop-ladder-0001`)
      mkdirSync(folder, { recursive: true })
      const file = path.join(folder, name)
      if (i === 0) execFileSync('mkfifo', [file])
      else symlinkSync('/dev/zero', file)
      for (const args of [['results'], ['summary', folder], ['summary', file], ['report', folder]]) {
        const { stdout, stderr } = await hopmeter.run(args)
        expect(stdout + stderr).toContain('not a regular file')
      }
    }
  })

  test('are not begun where no folder can be made', async () => {
    const { code, stderr } = await hopmeter.call([
      'run',
      'single-cluster',
      '--results',
      '/proc/hopmeter/runs',
    ])
    expect(code).toBe(1)
    expect(stderr).toMatch(/Error: cannot write \/proc\/hopmeter\/runs: ENOENT.*\n {2}next: .*--results/)
  })
})

describe('a verb that measures nothing', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at the first %s with exit code %i, whatever it waits for', async (signal, exitCode) => {
    const pipe = path.join(hopmeter.folder, 'never-written.yaml')
    execFileSync('mkfifo', [pipe])
    // As a shell sees it: whether hopmeter exits with the code or dies of the signal is the same to users.
    const { child, done } = hopmeter.start(['show', pipe])
    let writer: number | undefined
    try {
      // A pipe opens for writing without waiting as soon as somebody reads it.
      await eventually(() => {
        try {
          writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
        } catch {
          return child.exitCode !== null
        }
        return true
      }, 'the scenario is being read')
      child.kill(signal)
      const end = await done
      expect(end.stderr).toBe(`\n${signal}: stopped\n`)
      expect(end.signal === signal || end.code === exitCode).toBe(true)
    } finally {
      if (writer !== undefined) closeSync(writer)
    }
  })

  test('ends at the first SIGTERM while it waits for standard input', async () => {
    const pipe = path.join(hopmeter.folder, 'stdin')
    execFileSync('mkfifo', [pipe])
    // Open for both, so that nobody waits for the other side and the end never comes.
    const command = ['sh', '-c', 'pipe=$0; exec "$@" <>"$pipe"', pipe]
    const { child, done } = hopmeter.start(['show', '-'], { command })
    await eventually(() => child.exitCode !== null || catchesHangUp(child.pid!), 'it listens to signals')
    child.kill('SIGTERM')
    const { code, signal, stderr } = await done
    expect(stderr).toBe('\nSIGTERM: stopped\n')
    // A read that never returns cannot be waited for: then the signal ends it, and a shell says 143 all the same.
    expect([143, 'SIGTERM']).toContain(code ?? signal)
  })
})

/** Node by itself leaves this signal alone. */
function catchesHangUp(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (BigInt(`0x${caught ?? '0'}`) & 1n) === 1n
}

describe('import', () => {
  const fortio = path.join(import.meta.dirname, '../src/report/export/testing/fortio-1.75.3.json')

  test('reads standard input, once', async () => {
    const input = readFileSync(fortio, 'utf8')
    expect(await hopmeter.run(['import', '-'], { input })).toEqual(await hopmeter.run(['import', fortio]))
    expect(await hopmeter.run(['import', '-', '-'], { input })).toMatchObject({ code: 2 })
  })

  test('does not read a device for ever', async () => {
    const { code, stderr } = await hopmeter.run(['import', '/dev/zero'])
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('larger') as string })
  })
})

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('the %s script names verbs, options and scenarios', async (shell) => {
    const { code, stdout } = await hopmeter.call(['completion', shell])
    expect(code).toBe(0)
    for (const word of ['summary', 'hop-ladder', 'verify']) expect(stdout).toContain(word)
  })

  test('bash completes verbs, scenario names and values of options', async () => {
    const { stdout } = await hopmeter.run(['completion', 'bash'])
    const complete = (...words: string[]) =>
      execFileSync('bash', [
        '-c',
        `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hopmeter; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        ...words,
      ])
        .toString()
        .trim()
        .split('\n')
    expect(complete('hopmeter', 'su')).toEqual(['summary'])
    expect(complete('hopmeter', 'run', 'hop')).toEqual(['hop-ladder'])
    expect(complete('hopmeter', 'run', 'mixed', '--verify', '')).toEqual(['strict', 'warn', 'off'])
    expect(complete('hopmeter', 'results', 'show', '--re')).toEqual(['--results'])
    expect(complete('hopmeter', 'results', '')).toEqual(['list', 'show', '--help'])
  })
})

describe('where hopmeter runs', () => {
  const isRoot = process.getuid?.() === 0
  const plainUser = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

  test.skipIf(!isRoot)('a plain user runs the lab where user namespaces are allowed', async () => {
    await mkdir(path.join(hopmeter.folder, 'results'), { mode: 0o777 })
    execFileSync('chmod', ['-R', '777', hopmeter.folder])
    const args = [
      'run',
      'single-cluster',
      '--restarts',
      '1',
      '--rounds',
      '2',
      '--duration',
      '300ms',
      '--warmup',
      '0s',
      '--no-chart',
    ]
    const { code, stderr } = await hopmeter.run(args, { command: plainUser })
    // A kernel that forbids user namespaces must be named as the reason; anything else is a bug.
    if (code === 0) expect(stderr).toContain('paths proven')
    else expect(stderr).toMatch(/user namespace/)
  })

  test.skipIf(!isRoot)('a full disk ends the run with a clear error and keeps what was written', async () => {
    const small = path.join(hopmeter.folder, 'results')
    await mkdir(small)
    const mountAndRun = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount -t tmpfs -o size=256k tmpfs "$0" && exec "$@"',
      small,
    ]
    const args = [
      'run',
      'hop-ladder',
      '--restarts',
      '1',
      '--rounds',
      '200',
      '--duration',
      '100ms',
      '--warmup',
      '0s',
      '--no-chart',
    ]
    const { code, stderr } = await hopmeter.run(args, { command: mountAndRun })
    expect(code).toBe(1)
    expect(stderr).toMatch(/no space left|disk is full|ENOSPC/i)
    expect(stderr).toContain('next:')
  })
})

const quickProbe = ['--rounds', '6', '--duration', '300ms', '--warmup', '100ms', '--seed', '1']

function listening(server: Server): Promise<{ server: Server; url: string }> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : undefined
      resolve({ server, url: `http://127.0.0.1:${port}/` })
    })
  })
}

describe('the instrument without a testbed', () => {
  test('probe tells a slow endpoint of a stranger from a fast one, and counts every request', async () => {
    let slowRequests = 0
    const fast = await listening(createServer((_, response) => response.end('ok')))
    const slow = await listening(
      createServer((_, response) => {
        slowRequests += 1
        setTimeout(() => response.end('ok'), 8)
      }),
    )
    try {
      const args = [
        'probe',
        ...quickProbe,
        '--rounds',
        '8',
        '--duration',
        '900ms',
        '-o',
        'json',
        fast.url,
        slow.url,
      ]
      const { code, stdout, stderr } = await hopmeter.run(args)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      const result = JSON.parse(stdout) as {
        endpoints: { requests: number; errors: number }[]
        differences: { quantile: string; comparison: { verdict: string; difference: number } }[]
      }
      expect(result.endpoints.map((e) => e.errors)).toEqual([0, 0])
      expect(slowRequests).toBeGreaterThanOrEqual(result.endpoints[1]!.requests)
      const p50 = result.differences.find((d) => d.quantile === 'p50')!
      expect(p50.comparison.verdict).toBe('slower')
      expect(p50.comparison.difference).toBeGreaterThan(4e6)
    } finally {
      fast.server.close()
      slow.server.close()
    }
  })

  test('probe calls endpoints by the names they were given, and shows every metric of the profile', async () => {
    const { server, url } = await listening(createServer((_, response) => response.end('ok')))
    try {
      const probe = ['probe', ...quickProbe, '--profile', 'open', `old=${url}`, `new=${url}`]
      const { code, stdout } = await hopmeter.run(probe)
      expect(code).toBe(0)
      expect(stdout).toContain('open, 6 rounds of 300 ms, seed 1\n')
      expect(stdout).toMatch(/^old +service /m)
      expect(stdout).toMatch(/^old +response /m)
      expect(stdout).toMatch(/Against old:\n.*\n(new +service .*\n){3}(new +response .*\n){3}/)
    } finally {
      server.close()
    }
  })

  test('probe names an endpoint that does not answer', async () => {
    const { code, stderr } = await hopmeter.run(['probe', ...quickProbe, 'http://127.0.0.1:9/'])
    expect(code).toBe(1)
    expect(stderr).toContain('no usable response')
  })

  test('calibrate reads known delays, keeps the table, and says whether the host passes', async () => {
    const { code, stdout, stderr } = await hopmeter.run(['calibrate', '--rounds', '6', '-o', 'json'])
    const calibration = JSON.parse(stdout) as {
      passed: boolean
      checks: { name: string; measuredUs: number | null }[]
    }
    // Whether a busy host passes is not for a test to decide; that it is told the truth is.
    expect(code).toBe(calibration.passed ? 0 : 1)
    expect(calibration.checks).toHaveLength(8)
    expect(stderr).toContain('calibration.json')
  })
})
