import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Hopmeter } from './support/hopmeter.ts'

let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

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
