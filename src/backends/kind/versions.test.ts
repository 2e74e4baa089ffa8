import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HopmeterError, UsageError } from '../../errors.ts'
import { compareVariants } from '../../analysis/compare-paths.ts'
import { runScenario, type RunScenarioOptions } from '../../measure/run-scenario.ts'
import { verifyScenario } from '../../measure/verify-scenario.ts'
import { planFor, planScenario } from '../../plan/plan-scenario.ts'
import type { RoundEvent } from '../../results/schema.ts'
import { openRun } from '../../results/store.ts'
import { loadScenario, parseScenario } from '../../scenario/load.ts'
import { chosenVersions } from '../istio/data-planes.ts'
import { Session } from '../kubernetes/session/session.ts'
import {
  asInstalled,
  imageOf,
  newer,
  older,
  sameNetworkWithGateway,
  standingDataPlane,
} from '../kubernetes/testing/data-plane.ts'
import { FakeCluster } from '../kubernetes/testing/fake-cluster.ts'
import { nothing, quiet } from '../kubernetes/testing/lives.ts'
import type { KubernetesOptions } from '../kubernetes/tools/options.ts'
import { takeDownSessions } from '../registry.ts'
import { createKind } from './kind.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 })

const standing = () => standingDataPlane(fake)

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
  fake.model((model) => void model.images.push(imageOf('ztunnel', older), imageOf('proxyv2', older)))
})
afterEach(() => {
  const asked = fake.model(({ askedWhileFrozen }) => askedWhileFrozen)
  fake.close()
  if (asked.length > 0) throw new Error(`a cluster that stood still was asked: ${asked.join('; ')}`)
})

function optionsOf(change: KubernetesOptions = {}): KubernetesOptions {
  const versions = chosenVersions({ istio: [older, newer] })
  return { ...fake.options, ...versions, execute: fake.inProcess(), quietControlPlane: 'on', ...change }
}

type Change = Partial<RunScenarioOptions> & { readonly onRound?: (round: RoundEvent) => void }

async function run({ onRound = () => {}, ...change }: Change = {}, options = optionsOf()) {
  const notes: string[] = []
  const finished = await runScenario({
    scenarioFile: await loadScenario('multi-network-nlb'),
    backend: createKind(options),
    resultsRoot: mkdtempSync(path.join(fake.folder, 'results-')),
    reporter: {
      step: () => {},
      proven: () => {},
      round: onRound,
      note: (_level, message) => void notes.push(message),
    },
    rounds: { count: 2, restarts: 2, durationMs: 300, warmupMs: 50 },
    signal: quiet.signal,
    seed: 3,
    ...change,
  })
  return { ...finished, notes }
}

describe('two versions in one run', () => {
  test('stand in turn on one control plane, each proven again, and the installed one is put back', async () => {
    const during: string[] = []
    const onRound = ({ variant }: RoundEvent) => {
      const { pods, wanted, istiod } = standing()
      during.push(`${variant}: ${[pods, wanted, istiod].join(' ')}`)
    }
    const { result } = await run({ onRound }, optionsOf({ keep: true }))
    const line = (version: string) =>
      `${version}: ${version}-distroless ${version}-distroless ${newer}-distroless`
    expect(during).toHaveLength(8)
    expect(new Set(during)).toEqual(new Set([line(older), line(newer)]))
    expect(result.switched).toBe(true)
    expect(result.variants).toEqual([
      { name: older, settings: { istio: older } },
      { name: newer, settings: { istio: newer } },
    ])
    expect(result.builds[0]).toMatchObject({
      engine: { name: 'istio', version: older },
      variants: [{ engine: { version: older } }, { engine: { version: newer } }],
      facts: { versions: `data plane switched in place; istiod and istio-cni ${newer} throughout` },
    })
    const order = result.restarts.map(({ variant }) => variant)
    expect([
      [older, newer, newer, older],
      [newer, older, older, newer],
    ]).toContainEqual(order)
    for (const { variant, facts } of result.restarts) {
      expect(facts?.['ztunnel']).toContain(imageOf('ztunnel', variant!))
      expect(facts?.['gateway']).toContain(imageOf('proxyv2', variant!))
    }
    expect(result.evidence.map(({ path: name, proven }) => [name, proven])).toEqual(
      expect.arrayContaining([older, newer].map((version) => [`load-balancer@${version}`, 4])),
    )
    expect(standing()).toEqual(asInstalled)
    const session = Session.find(fake.sessions, 'multi-network-nlb')
    expect(session?.state).toMatchObject({ kept: true, frozen: false })
    // What was put back is what stands: the next up only renews pods that are older than their ztunnel.
    const execute = fake.inProcess()
    const again = optionsOf({ keep: true, execute })
    const plan = planScenario((await loadScenario('multi-network-nlb')).scenario)
    await (await createKind(again).up(plan, quiet)).down()
    expect(
      execute.log.filter((shown) => / set image | annotate | rollout restart |istioctl install/.test(shown)),
    ).toEqual([])
    await takeDownSessions('all', quiet, again)
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('are compared restart by restart, and not by rounds that never met', async () => {
    const { result } = await run()
    const { rows } = compareVariants(result, older, newer)
    const p50 = rows.filter(({ quantile }) => quantile === 'p50')
    expect(p50.length).toBeGreaterThan(0)
    for (const { comparison } of p50)
      expect(comparison).toMatchObject({ unit: 'restart', verdict: 'cannot tell' })
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('may go different ways: the same network through the gateway is told, kept and no failure', async () => {
    fake.model((model) => void (model.misled = older))
    const { result, notes } = await run({
      scenarioFile: parseScenario(sameNetworkWithGateway, 'two-ways.yaml'),
      rounds: { count: 1, restarts: 2, durationMs: 1500, warmupMs: 50 },
    })
    expect(result.status).not.toBe('path-mismatch')
    expect(result.verify).toBe('warn')
    const seen = new Map(result.evidence.map((digest) => [digest.path, digest]))
    expect(seen.get(`same-network@${older}`)?.sample.observed.map(({ kind }) => kind)).toContain(
      'east-west-gateway',
    )
    expect(seen.get(`same-network@${older}`)?.proven).toBe(0)
    expect(seen.get(`same-network@${newer}`)?.sample.observed.map(({ kind }) => kind)).not.toContain(
      'east-west-gateway',
    )
    expect(notes.join('\n')).toContain(`path not as expected: same-network@${older}`)
    expect(notes.join('\n')).not.toContain(`path not as expected: same-network@${newer}`)
  })

  test('are verified one after the other', async () => {
    fake.model((model) => void (model.misled = older))
    const { scenario } = parseScenario(sameNetworkWithGateway, 'two-ways.yaml')
    const backend = createKind(optionsOf())
    const { evidence, ok } = await verifyScenario({ scenario, backend, ...quiet })
    const verdicts = new Map(evidence.map(({ path: name, verdict }) => [name, verdict]))
    expect(verdicts.get(`same-network@${older}`)).toBe('mismatch')
    expect(verdicts.get(`same-network@${newer}`)).toBe('proven')
    expect(ok).toBe(false)
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('have all their images in the nodes before anything is switched, and no pods of their own', async () => {
    const { scenario } = await loadScenario('multi-network-nlb')
    const backend = createKind(optionsOf({ keep: true }))
    const plan = planFor(scenario, backend)
    expect(plan.workloads.map(({ name }) => name).toSorted()).toEqual(
      planScenario(scenario)
        .workloads.map(({ name }) => name)
        .toSorted(),
    )
    await (await backend.up(plan, quiet)).down()
    const nodes = fake.model(({ containers }) =>
      Object.values(containers).flatMap(({ node }) => node?.images ?? []),
    )
    for (const version of [older, newer]) expect(nodes).toContain(imageOf('ztunnel', version))
    expect(nodes).not.toContain(imageOf('pilot', older))
  })

  test('make no difference without a mesh, which is said before anything is made', async () => {
    const { scenario } = await loadScenario('multi-network-nlb')
    const plain = { ...scenario, paths: scenario.paths.map((one) => ({ ...one, mesh: 'none' as const })) }
    const backend = createKind(optionsOf())
    expect(() => backend.steps(planScenario(plain))).toThrow(UsageError)
    expect(fake.leftovers()).toEqual(nothing)
  })
})

describe('a testbed that is kept has the installed version again', () => {
  const keep = () => optionsOf({ keep: true })
  /** Stops or breaks a run in the middle of a round of the older version. */
  const inOlder = (work: () => void): Change => ({
    onRound: ({ variant }) => {
      if (variant === older) work()
    },
  })

  test('after somebody stopped the run', async () => {
    const stop = new AbortController()
    const change = { ...inOlder(() => stop.abort(new HopmeterError('stopped'))), signal: stop.signal }
    await expect(run(change, keep())).rejects.toThrow('stopped')
    expect(standing()).toEqual(asInstalled)
  })

  test('after a round failed', async () => {
    const breakServers = () => {
      for (const pid of fake.model(({ processes }) => Object.values(processes))) process.kill(pid, 'SIGKILL')
    }
    await expect(run(inOlder(breakServers), keep())).rejects.toThrow(/server/)
    expect(standing()).toEqual(asInstalled)
  })

  test('after hopmeter was killed and the next up came, and the run goes on to its end', async () => {
    const results = mkdtempSync(path.join(fake.folder, 'results-'))
    expect(await killedWhileSwitched(results)).toBe('SIGKILL')
    expect(standing().wanted).toContain(`${older}-distroless`)
    const plan = planScenario((await loadScenario('multi-network-nlb')).scenario)
    await (await createKind(keep()).up(plan, quiet)).down()
    expect(standing()).toEqual(asInstalled)
    const { result: before, path: directory } = await openRun(results, 'latest')
    expect(before.status).toBe('interrupted')
    const { result } = await run(
      {
        ...{ rounds: { ...before.rounds, restarts: 2 }, resultsRoot: results },
        resume: { result: before, directory },
      },
      keep(),
    )
    const whole = result.restarts.filter(({ build }) => build === 2).map(({ variant }) => variant)
    expect(new Set(whole)).toEqual(new Set([older, newer]))
    expect(result.status).toMatch(/complete|void/)
    expect(standing()).toEqual(asInstalled)
  })
})

/** A hopmeter of its own, killed in a round of the older version. */
async function killedWhileSwitched(results: string): Promise<NodeJS.Signals | null> {
  const cli = path.join(import.meta.dirname, '../../../dist/cli/main.js')
  const flags = [
    ...['--backend', 'kind', '--istio', older, '--istio', newer, '--keep', '--agent-image', 'node:20'],
    ...['--restarts', '2', '--rounds', '2', '--duration', '300ms', '--warmup', '50ms', '--seed', '3'],
    ...['--results', results],
  ]
  const env = { XDG_STATE_HOME: fake.options.stateRoot, XDG_CACHE_HOME: fake.options.cacheRoot }
  const child = spawn(process.execPath, [cli, 'run', 'multi-network-nlb', ...flags], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  })
  const ended = once(child, 'exit')
  while (!standing().wanted.includes(`${older}-distroless`)) {
    if (child.exitCode !== null) throw new Error(`hopmeter ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  const [, signal] = (await ended) as [number | null, NodeJS.Signals | null]
  return signal
}
