import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HopmeterError } from '../../../errors.ts'
import type { Reporter } from '../../../measure/reporter.ts'
import { runScenario } from '../../../measure/run-scenario.ts'
import type { RoundEvent } from '../../../results/schema.ts'
import { loadScenario } from '../../../scenario/load.ts'
import { withoutMesh } from '../../../scenario/without-mesh.ts'
import { Session } from '../../kubernetes/session/session.ts'
import { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import { nothing, quiet } from '../../kubernetes/testing/lives.ts'
import type { KubernetesOptions } from '../../kubernetes/tools/options.ts'
import { planScenario } from '../../../plan/plan-scenario.ts'
import { takeDownSessions } from '../../registry.ts'
import { kindDoctor } from '../doctor/doctor.ts'
import { createKind } from '../kind.ts'
import { isQuiet, quietWords } from './quiet-rule.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => {
  const asked = fake.model(({ askedWhileFrozen }) => askedWhileFrozen)
  fake.close()
  if (asked.length > 0) throw new Error(`a cluster that stood still was asked: ${asked.join('; ')}`)
})

const frozenNodes = () =>
  fake.model(({ containers }) => Object.keys(containers).filter((name) => containers[name]?.frozen === true))

/** Names of all pods, each with what tells it from another of the same name. */
function podsNow(): string[] {
  return fake.model(({ clusters }) =>
    Object.values(clusters)
      .flatMap(({ objects }) => Object.entries(objects))
      .filter(([key]) => key.startsWith('Pod/'))
      .map(([key, pod]) => `${key} ${(pod as { metadata: { uid: string } }).metadata.uid}`),
  )
}

interface Run {
  readonly scenario: string
  readonly mesh?: 'none'
  readonly options?: KubernetesOptions
  readonly onRound?: (round: RoundEvent) => void
  readonly signal?: AbortSignal
  readonly restarts?: number
}

async function run({ scenario, mesh, options, onRound = () => {}, signal, restarts = 1 }: Run) {
  const steps: string[] = []
  const reporter: Reporter = {
    step: (step) => void steps.push(step),
    proven: () => {},
    round: onRound,
    note: (_level, message) => void steps.push(message),
  }
  const { result } = await runScenario({
    scenarioFile: await loadScenario(scenario),
    mesh,
    backend: createKind({
      ...fake.options,
      ...{ execute: fake.inProcess(), quietControlPlane: 'on', ...options },
    }),
    resultsRoot: mkdtempSync(path.join(fake.folder, 'results-')),
    reporter,
    rounds: { count: 2, restarts, durationMs: 300, warmupMs: 50 },
    signal: signal ?? new AbortController().signal,
  })
  return { result, steps }
}

describe('rounds on clusters that stand still', () => {
  test('ask no API server and no kubelet, in a mesh with gateway and load balancer, and every path is proven', async () => {
    const during: string[][] = []
    const rounds: RoundEvent[] = []
    const { result } = await run({
      scenario: 'multi-network-nlb',
      onRound: (round) => {
        during.push(frozenNodes())
        rounds.push(round)
      },
    })
    const nodes = ['hm-multi-network-nlb-east-control-plane', 'hm-multi-network-nlb-west-control-plane']
    expect(during).toEqual([nodes, nodes])
    expect(result.measured).toHaveLength(2)
    expect(result.evidence.map(({ proven }) => proven)).toEqual([2])
    expect(rounds.every(({ componentCpu }) => componentCpu.length > 0)).toBe(true)
    expect(result.builds[0]?.facts['controlPlanes']).toBe('frozen while rounds run')
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('thaw between restarts, which restart what forwards and answers, and prove it again', async () => {
    const pods: string[][] = []
    const { result, steps } = await run({
      ...{ scenario: 'multi-network-nlb', restarts: 2 },
      onRound: () => void pods.push(podsNow()),
    })
    expect(pods).toHaveLength(4)
    const [first, , second] = pods
    const kept = first!.filter((pod) => second!.includes(pod))
    // Control planes stay.
    expect(kept.every((pod) => pod.includes('istiod'))).toBe(true)
    expect(kept).toHaveLength(2)
    expect(result.evidence.map(({ proven }) => proven)).toEqual([4])
    expect(steps).toContain('restart 2/2: restart ztunnels, gateways, load balancers and pods')
    expect(result.builds[0]?.facts['restarted']).toBe('ztunnels, gateways, load balancers and pods')
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('go on with control planes running where nobody wants them frozen', async () => {
    const during: string[][] = []
    const { result } = await run({
      ...{ scenario: 'single-cluster', mesh: 'none', options: { quietControlPlane: 'off' } },
      onRound: () => void during.push(frozenNodes()),
    })
    expect(during).toEqual([[], []])
    expect(result.builds[0]?.facts['controlPlanes']).toBe('running')
  })
})

describe('nothing is declared dead', () => {
  async function standing(notes: string[] = []) {
    const scenario = withoutMesh((await loadScenario('single-cluster')).scenario)
    const options = { ...fake.options, execute: fake.inProcess(), quietControlPlane: 'on' } as const
    return await createKind(options).up(planScenario(scenario), {
      ...quiet,
      note: (note) => void notes.push(note),
    })
  }
  const { signal } = quiet

  test('a freeze goes on from turn to turn, and begins anew only where every lease was renewed', async () => {
    const testbed = await standing()
    try {
      await testbed.quiet!.hold(1000, signal)
      await testbed.quiet!.hold(1000, signal)
      expect(frozenNodes()).not.toEqual([])
      await testbed.quiet!.release()
      expect(frozenNodes()).toEqual([])
      fake.model((model) => void (model.renewedMs = Date.now() - 20_000))
      fake.forgetCalls()
      const held = testbed.quiet!.hold(1000, signal)
      const asked = () => fake.calls.filter(({ args }) => args.includes('leases')).length
      await expect.poll(asked, { timeout: 30_000 }).toBeGreaterThan(2)
      expect(frozenNodes()).toEqual([])
      fake.model((model) => delete model.renewedMs)
      await held
      expect(frozenNodes()).not.toEqual([])
    } finally {
      await testbed.down()
    }
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('a turn that is longer than a freeze may be is measured with control planes running, which is said once', async () => {
    const notes: string[] = []
    const testbed = await standing(notes)
    try {
      await testbed.quiet!.hold(1000, signal)
      await testbed.quiet!.hold(60_000, signal)
      await testbed.quiet!.hold(60_000, signal)
      expect(frozenNodes()).toEqual([])
      expect(notes.filter((note) => note.startsWith('control planes run: '))).toEqual([
        'control planes run: they can stand still for 25 s, a turn of load takes 60 s',
      ])
    } finally {
      await testbed.down()
    }
  })
})

test('control planes stand still by default where a cluster has fewer than four CPUs', () => {
  expect([isQuiet('auto', 4, 15), isQuiet('auto', 4, 16)]).toEqual([true, false])
  expect([isQuiet('on', 1, 64), isQuiet('off', 4, 2)]).toEqual([true, false])
  expect(quietWords('auto', 4, 2)).toBe('frozen while rounds run (2 CPUs, 4 clusters)')
})

describe('clusters are thawed', () => {
  test('when a round fails, before they are asked what they say', async () => {
    let frozen: string[] = []
    const failing = run({
      ...{ scenario: 'single-cluster', mesh: 'none', options: { keep: true } },
      onRound: () => {
        frozen = frozenNodes()
        for (const pid of fake.model(({ processes }) => Object.values(processes)))
          process.kill(pid, 'SIGKILL')
      },
    })
    await expect(failing).rejects.toThrow(/server/)
    expect(frozen).not.toEqual([])
    expect(frozenNodes()).toEqual([])
    expect(Session.find(fake.sessions, 'single-cluster')?.state.frozen).toBe(false)
  })

  test('when somebody stops the run', async () => {
    const stop = new AbortController()
    const running = run({
      ...{ scenario: 'single-cluster', mesh: 'none', options: { keep: true }, signal: stop.signal },
      onRound: () => stop.abort(new HopmeterError('stopped')),
    })
    await expect(running).rejects.toThrow('stopped')
    expect(frozenNodes()).toEqual([])
    const session = Session.find(fake.sessions, 'single-cluster')
    expect(session?.state).toMatchObject({ kept: true, frozen: false })
  })

  test('when hopmeter is killed: its guards see the end of their input', async () => {
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    const plan = planScenario(withoutMesh((await loadScenario('single-cluster')).scenario))
    await (await createKind(options).up(plan, quiet)).down()
    const killed = await killedWhileFrozen()
    expect(killed).toBe('SIGKILL')
    await expect.poll(frozenNodes, { timeout: 60_000 }).toEqual([])
  })
})

describe('clusters that a crash left frozen', () => {
  async function leftFrozen(): Promise<KubernetesOptions> {
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    const plan = planScenario(withoutMesh((await loadScenario('single-cluster')).scenario))
    await (await createKind(options).up(plan, quiet)).down()
    // As when hopmeter and its guards were killed.
    Session.find(fake.sessions, 'single-cluster')!.update((state) => ({ ...state, frozen: true }))
    fake.model(({ containers }) => {
      for (const container of Object.values(containers)) container.frozen = true
    })
    return options
  }

  test('are thawed by the next up', async () => {
    const options = await leftFrozen()
    const plan = planScenario(withoutMesh((await loadScenario('single-cluster')).scenario))
    await (await createKind(options).up(plan, quiet)).down()
    expect(frozenNodes()).toEqual([])
  })

  test('are thawed and removed by down', async () => {
    const options = await leftFrozen()
    expect(await takeDownSessions('all', quiet, options)).toEqual(['single-cluster'])
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('are thawed by doctor, which says so', async () => {
    const options = await leftFrozen()
    const { checks } = await kindDoctor([], options)
    expect(checks.find(({ name }) => name === 'frozen clusters')).toMatchObject({
      ok: true,
      detail: 'single-cluster was left frozen and runs again',
    })
    expect(frozenNodes()).toEqual([])
    expect(Session.find(fake.sessions, 'single-cluster')?.state.frozen).toBe(false)
  })
})

/** A hopmeter of its own, killed once its clusters stand still. */
async function killedWhileFrozen(): Promise<NodeJS.Signals | null> {
  const cli = path.join(import.meta.dirname, '../../../../dist/cli/main.js')
  const results = mkdtempSync(path.join(fake.folder, 'results-'))
  const flags = [
    '--backend',
    'kind',
    '--mesh',
    'none',
    '--keep',
    '--quiet-control-plane',
    'on',
    '--results',
    results,
  ]
  const child = spawn(
    process.execPath,
    [cli, 'run', 'single-cluster', ...flags, '--agent-image', 'node:20'],
    {
      stdio: 'ignore',
      env: { ...process.env, XDG_STATE_HOME: fake.options.stateRoot, XDG_CACHE_HOME: fake.options.cacheRoot },
    },
  )
  const ended = once(child, 'exit')
  while (frozenNodes().length === 0) {
    if (child.exitCode !== null) throw new Error(`hopmeter ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  const [, signal] = (await ended) as [number | null, NodeJS.Signals | null]
  return signal
}
