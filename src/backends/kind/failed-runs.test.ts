import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CommandError } from '../../errors.ts'
import type { Reporter } from '../../measure/reporter.ts'
import { runScenario } from '../../measure/run-scenario.ts'
import type { RunResult } from '../../results/schema.ts'
import { loadScenario } from '../../scenario/load.ts'
import { Session } from '../kubernetes/session/session.ts'
import { FakeCluster, type Fault } from '../kubernetes/testing/fake-cluster.ts'
import { nothing, quiet } from '../kubernetes/testing/lives.ts'
import type { Execute } from '../kubernetes/tools/execute.ts'
import type { KubernetesOptions } from '../kubernetes/tools/options.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { createKind } from './kind.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

let fake: FakeCluster
let results: string
beforeEach(async () => {
  fake = await FakeCluster.make()
  results = mkdtempSync(path.join(fake.folder, 'results-'))
})
afterEach(() => fake.close())

interface FailedRun {
  readonly message: string
  readonly notes: readonly string[]
  readonly folder: string
  readonly result: RunResult
}

/** Runs `same-network` without a mesh, which is to fail. */
async function failingRun(
  options: KubernetesOptions = {},
  onRound: () => void = () => {},
  stop = new AbortController(),
): Promise<FailedRun> {
  const notes: string[] = []
  const reporter: Reporter = {
    step: () => {},
    proven: () => {},
    round: onRound,
    note: (_level, message) => void notes.push(message),
  }
  const failure = await runScenario({
    scenarioFile: await loadScenario('same-network'),
    mesh: 'none',
    backend: createKind({ ...fake.options, execute: fake.inProcess(), ...options }),
    resultsRoot: results,
    reporter,
    rounds: { count: 50, durationMs: 200, warmupMs: 50 },
    signal: stop.signal,
  }).then(
    () => new Error('the run did not fail'),
    (error: Error) => error,
  )
  const [id = ''] = readdirSync(results)
  const folder = path.join(results, id)
  const result = JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8')) as RunResult
  return { message: failure.message, notes, folder, result }
}

function expectNothingLeft(): void {
  expect(fake.leftovers()).toEqual(nothing)
  expect(Session.names(fake.sessions)).toEqual([])
}

describe('a fault where agents are started', () => {
  test.for<[string, Fault, RegExp]>([
    ['attach', 'fail', /^attach to echo servers: echo server \S+ failed: injected failure/],
    ['attach', 'hang', /^attach to echo servers: echo server \S+ said nothing within \d+ ms/],
    [
      'attach',
      'rubbish',
      /^attach to echo servers: echo server \S+ wrote something that is no message: .*html/,
    ],
    ['load', 'fail', /^load agent of \S+ failed: injected failure/],
    ['load', 'hang', /^load agent of \S+ said nothing within \d+ ms/],
    ['load', 'rubbish', /^load agent of \S+ wrote something that is no message: .*html/],
  ])('%s, %s: the run ends, the message names it, and nothing is left', async ([mode, fault, message]) => {
    fake.breakCalls([{ name: 'docker', words: `agent.mjs ${mode}`, fault }])
    const run = await failingRun(mode === 'attach' ? { deadlineScale: 0.05 } : {})
    expect(run.message).toMatch(message)
    expect(run.result.status).toBe('failed')
    expect(run.result.reason).toBe(run.message)
    expectNothingLeft()
  })
})

test('a server that ends in the middle of a run ends it; rounds and what the clusters said are kept', async () => {
  let rounds = 0
  const run = await failingRun({}, () => {
    rounds += 1
    if (rounds !== 2) return
    for (const pid of fake.model(({ processes }) => Object.values(processes))) process.kill(pid, 'SIGKILL')
  })
  expect(run.message).toMatch(/server/)
  expect(run.result.status).toBe('failed')
  expect(run.result.measured.length).toBeGreaterThanOrEqual(2)
  const failure = path.join(run.folder, 'failure')
  expect(run.notes).toContain(`what the testbed said is in ${failure}`)
  expect(readdirSync(failure).toSorted()).toEqual(['east-1', 'east-2'])
  expect(readdirSync(path.join(failure, 'east-2')).toSorted()).toEqual(['nodes', 'objects.txt', 'pods.txt'])
  expect(readFileSync(path.join(failure, 'east-2', 'pods.txt'), 'utf8')).toContain('server-east-2-n1-plain')
  const node = 'hm-same-network-east-2-control-plane'
  // And no docker-info.txt, which names the machine.
  expect(readdirSync(path.join(failure, 'east-2', 'nodes'))).toEqual([node])
  expectNothingLeft()
})

test('a testbed that cannot be taken down after a failure does not hide the failure', async () => {
  const inner = fake.inProcess()
  const output = 'the daemon is away'
  let isAway = false
  const execute: Execute = (command, options) =>
    isAway && command.file === 'kind'
      ? Promise.reject(new CommandError('kind exited with 1', { command: 'kind delete', output }))
      : inner(command, options)
  const run = await failingRun({ execute }, () => {
    isAway = true
    for (const pid of fake.model(({ processes }) => Object.values(processes))) process.kill(pid, 'SIGKILL')
  })
  expect(run.message).toMatch(/server/)
  expect(run.result.reason).toBe(run.message)
  expect(run.notes.join('\n')).toMatch(
    /the testbed could not be taken down: kind exited with 1.*hopmeter down/,
  )
  expect(Session.names(fake.sessions)).toEqual(['same-network'])
})

test('who stops a run is not made to wait for logs', async () => {
  const stop = new AbortController()
  const run = await failingRun({}, () => stop.abort(new Error('enough')), stop)
  expect(run.message).toBe('enough')
  expect(run.result.status).toBe('interrupted')
  expect(existsSync(path.join(run.folder, 'failure'))).toBe(false)
  expectNothingLeft()
})

test('a bring-up that fails keeps what the mesh believed, and goes on where something cannot be kept', async () => {
  const isStruck = (shown: string) => shown.includes('--subresource status')
  const struck = fake.inProcess({ isStruck, fault: 'fail' })
  const refused = new CommandError('kubectl exited with 1', { command: 'kubectl describe', output: '' })
  const execute: Execute = (command, options) =>
    command.args.includes('describe') ? Promise.reject(refused) : struck(command, options)
  const failureFolder = path.join(results, 'failure')
  const said: string[] = []
  const context = { ...quiet, progress: (line: string) => void said.push(line), failureFolder }
  const { scenario } = await loadScenario('multi-network-nlb')
  const up = createKind({ ...fake.options, execute }).up(planScenario(scenario), context)
  await expect(up).rejects.toThrow(
    /publish the address of the east-west gateway of west: kubectl exited with 1/,
  )
  expect(readdirSync(path.join(failureFolder, 'west')).toSorted()).toEqual([
    'istio-system.yaml',
    'load-balancer.log',
    'nodes',
    'objects.txt',
    'remote-clusters.txt',
    'ztunnel-n1.json',
  ])
  expect(said).toContain('not kept of cluster west: pods.txt: kubectl exited with 1')
  const dump = readFileSync(path.join(failureFolder, 'west', 'ztunnel-n1.json'), 'utf8')
  expect(JSON.parse(dump)).toHaveProperty('workloads')
  expectNothingLeft()
})
