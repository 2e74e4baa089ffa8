import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { descendantsOf, leftovers, namespacesOf } from '../src/backends/lab/testing/leftovers.ts'
import { runResult, type JournalEvent } from '../src/results/schema.ts'
import { Hopmeter } from './support/hopmeter.ts'

const quick = ['--restarts', '1', '--rounds', '6', '--duration', '300ms', '--warmup', '100ms', '--seed', '1']
let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

/** Whatever a test did: no process that it started, directly or not, is left. */
afterEach(() => hopmeter.dispose())

function journalOf(run: string): JournalEvent[] {
  const lines = readFileSync(path.join(run, 'journal.ndjson'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as JournalEvent)
}

describe('hopmeter run in the lab', () => {
  test('climbs the ladder: every path proven in every round, every response accounted for, a chart beside the result', async () => {
    const { code, stdout, stderr } = await hopmeter.run(['run', 'hop-ladder', ...quick])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const run = hopmeter.onlyRun()
    const result = runResult.parse(JSON.parse(readFileSync(path.join(run, 'result.json'), 'utf8')))
    expect(result.measured).toHaveLength(6)
    for (const round of result.measured) {
      expect(round.evidence.map((e) => e.verdict)).toEqual(round.evidence.map(() => 'proven'))
      for (const sample of round.paths) {
        expect(sample).toMatchObject({ bad: 0, errors: 0, lost: 0, reconnects: 0 })
        expect(sample.n).toBeGreaterThan(0)
        expect(sample.halvesNs).toHaveLength(2)
      }
      expect(round.flags).not.toContain('served-differs')
    }
    expect(result.paths.map((p) => p.hops)).toEqual([2, 4, 4, 5, 6])
    for (const name of ['no-mesh', 'single', 'same-network', 'gateway', 'load-balancer'])
      expect(stdout).toContain(name)
    expect(readFileSync(path.join(run, 'ladder-pingpong.png')).subarray(1, 4).toString()).toBe('PNG')
    // Secrets of the mesh never leave memory.
    expect(readFileSync(path.join(run, 'journal.ndjson'), 'utf8')).not.toMatch(
      /PRIVATE KEY|BEGIN CERTIFICATE/,
    )
  })

  test('keeps results on stdout and everything else on stderr', async () => {
    const { code, stdout } = await hopmeter.run([
      'run',
      'single-cluster',
      ...quick,
      '--no-chart',
      '-o',
      'json',
    ])
    expect(code).toBe(0)
    const summary = JSON.parse(stdout) as { paths: { path: string }[] }
    expect(summary.paths.map((p) => p.path)).toEqual(['same-node', 'other-node'])
  })

  test('sends every load profile, each with responses recorded equal to responses served', async () => {
    const scenario = `
apiVersion: hopmeter/v1
kind: Scenario
metadata: { name: profiles, title: Every load profile }
spec:
  clusters:
    - { name: one, network: n1, podCidr: 10.10.0.0/16, serviceCidr: 10.110.0.0/16 }
    - { name: two, network: n2, podCidr: 10.20.0.0/16, serviceCidr: 10.120.0.0/16, gateway: {} }
  paths:
    - { name: across, client: { cluster: one }, server: { cluster: two }, expect: 5 }
  load:
    - { profile: pingpong }
    - { profile: pingpong, protocol: http2 }
    - { profile: pingpong, protocol: tcp }
    - { profile: closed, connections: [1, 4] }
    - { profile: open, rate: 50, connections: 2 }
    - { profile: connect }
`
    const args = [
      'run',
      '-',
      '--restarts',
      '1',
      '--rounds',
      '2',
      '--duration',
      '3s',
      '--warmup',
      '0s',
      '--no-control',
      '--no-chart',
    ]
    const { code, stderr } = await hopmeter.run(args, { input: scenario })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const rounds = journalOf(hopmeter.onlyRun()).filter((event) => event.type === 'round')
    expect(rounds).toHaveLength(2)
    for (const round of rounds) {
      expect(round.paths.map((p) => p.load).toSorted()).toEqual(
        [
          'closed-c1',
          'closed-c4',
          'connect',
          'open-r50',
          'pingpong',
          'pingpong-http2',
          'pingpong-tcp',
        ].toSorted(),
      )
      for (const sample of round.paths) expect(sample).toMatchObject({ bad: 0, errors: 0, lost: 0 })
      expect(round.flags).not.toContain('served-differs')
    }
  })

  test('nests rounds in restarts and restarts in builds, and stores the seed of all', async () => {
    const counts = ['--builds', '2', '--restarts', '2', '--rounds', '2']
    const args = ['run', 'single-cluster', ...quick, ...counts, '--no-chart']
    expect((await hopmeter.run(args)).code).toBe(0)
    const events = journalOf(hopmeter.onlyRun())
    expect(events.filter((e) => e.type === 'build').map((e) => e.build)).toEqual([1, 2])
    expect(events.filter((e) => e.type === 'restart').map((e) => [e.build, e.restart])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ])
    expect(events.filter((e) => e.type === 'round').map((e) => [e.build, e.restart, e.round])).toEqual([
      [1, 1, 1],
      [1, 1, 2],
      [1, 2, 1],
      [1, 2, 2],
      [2, 1, 1],
      [2, 1, 2],
      [2, 2, 1],
      [2, 2, 2],
    ])
    expect(events[0]).toMatchObject({ type: 'run', seed: 1 })
  })

  test('shows the failure that a missing route gives, and calls it expected', async () => {
    const { code, stderr } = await hopmeter.run(['run', 'same-network-unrouted', ...quick, '--no-chart'])
    expect(code).toBe(0)
    expect(stderr).toContain('unreachable, as expected')
    expect(
      journalOf(hopmeter.onlyRun()).some((event) => event.type === 'unreachable' && event.confirmed),
    ).toBe(true)
  })

  test('stops in order at the first Ctrl-C: partial rounds kept, status interrupted, exit code 130', async () => {
    const running = hopmeter.start([
      'run',
      'single-cluster',
      '--restarts',
      '1',
      '--rounds',
      '200',
      '--duration',
      '200ms',
      '--no-chart',
    ])
    await running.until('round 1/200')
    running.child.kill('SIGINT')
    const { code, stderr } = await running.done
    expect({ code, stderr }).toMatchObject({ code: 130 })
    expect(stderr).toContain('interrupted by SIGINT')
    const events = journalOf(hopmeter.onlyRun())
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'interrupted' })
    const show = await hopmeter.run(['results', 'show', 'latest'])
    expect(show.stdout).toContain('interrupted')
  })

  test('ends with 143 on SIGTERM, also while the testbed is being stood up', async () => {
    const running = hopmeter.start(['run', 'hop-ladder', ...quick])
    await running.until('set addresses')
    running.child.kill('SIGTERM')
    expect(await running.done).toMatchObject({ code: 143 })
  })

  test('leaves no process when it is killed with SIGKILL, and what was measured stays readable', async () => {
    const running = hopmeter.start([
      'run',
      'hop-ladder',
      '--restarts',
      '1',
      '--rounds',
      '200',
      '--duration',
      '300ms',
      '--no-chart',
    ])
    await running.until('round 1/200')
    // Programs of the lab do not inherit our environment, so they are told by whose children they are, and where.
    const programs = descendantsOf(running.child.pid!)
    const namespaces = namespacesOf(programs)
    expect(programs.length).toBeGreaterThan(10)
    expect(namespaces.size).toBeGreaterThan(5)
    running.child.kill('SIGKILL')
    await running.done
    expect(await leftovers(programs, namespaces)).toEqual([])
    const { code, stdout } = await hopmeter.run(['summary', 'latest'])
    expect(code).toBe(0)
    expect(stdout).toContain('interrupted')
  })

  test('refuses whatever sends load or changes testbeds on the same host meanwhile, and names the first', async () => {
    const first = hopmeter.start([
      'run',
      'single-cluster',
      '--restarts',
      '1',
      '--rounds',
      '200',
      '--duration',
      '200ms',
      '--no-chart',
    ])
    await first.until('round 1/200')
    const others = [
      ['run', 'single-cluster', ...quick],
      ['verify', 'single-cluster'],
      ['calibrate'],
      ['down', '--all'],
    ]
    for (const args of others) {
      const { code, stdout, stderr } = await hopmeter.run(args)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(
        new RegExp(`at work on this host: .*"single-cluster", pid ${first.child.pid}, since`),
      )
    }
    first.child.kill('SIGINT')
    expect((await first.done).code).toBe(130)
  })
})

describe('hopmeter verify in the lab', () => {
  test('proves every path without keeping a run', async () => {
    const { code, stdout } = await hopmeter.run(['verify', 'mixed', '-o', 'json'])
    expect(code).toBe(0)
    const { evidence, ok } = JSON.parse(stdout) as {
      ok: boolean
      evidence: { observed: unknown[]; verdict: string }[]
    }
    expect(ok).toBe(true)
    expect(evidence.map((e) => [e.verdict, e.observed.length])).toEqual([
      ['proven', 4],
      ['proven', 5],
      ['proven', 5],
    ])
    expect(readdirSync(hopmeter.folder)).not.toContain('results')
  })
})
