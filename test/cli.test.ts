import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Hopmeter } from './support/hopmeter.ts'

let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

const verbs =
  'list show plan doctor calibrate probe run aa verify results summary compare chart report export import schema completion'.split(
    ' ',
  )

describe('help and usage', () => {
  test.each(verbs)('%s --help shows usage and examples', async (verb) => {
    const { code, stdout } = await hopmeter.run([...verb.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: hopmeter ${verb}`)
    if (verb !== 'results') expect(stdout).toContain('Examples:')
  })

  test('an unknown verb is a usage error with a suggestion', async () => {
    const { code, stderr, stdout } = await hopmeter.run(['sumary'])
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
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, stderr, stdout } = await hopmeter.run(args)
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
    const { code, stderr } = await hopmeter.run(['summary', 'latest'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Error: .*\n {2}next: /m)
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
    const { code, stderr } = await hopmeter.run(['run', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(/bad\.yaml:7:\d+: .*netwrok.*network/)
    expect(stderr).toMatch(/bad\.yaml:9:\d+: .*"c"/)
    expect(existsSync(path.join(hopmeter.folder, 'results'))).toBe(false)
  })

  test('plan prints commands that a shell can read, and touches nothing', async () => {
    const { code, stdout } = await hopmeter.run(['plan', 'mixed'])
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

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('the %s script names verbs, options and scenarios', async (shell) => {
    const { code, stdout } = await hopmeter.run(['completion', shell])
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
