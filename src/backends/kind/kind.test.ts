import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { verifyScenario } from '../../measure/verify-scenario.ts'
import { loadScenario } from '../../scenario/load.ts'
import type { Scenario } from '../../scenario/types.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import { Session } from '../kubernetes/session/session.ts'
import { FakeCluster, type Fault } from '../kubernetes/testing/fake-cluster.ts'
import { commandKinds, strike, struckBy } from '../kubernetes/testing/faults.ts'
import { isRead, nothing, quiet } from '../kubernetes/testing/lives.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { takeDownSessions } from '../registry.ts'
import { createKind } from './kind.ts'

// Lives of testbeds start many processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

async function plain(name: string): Promise<Scenario> {
  return withoutMesh((await loadScenario(name)).scenario)
}

describe('whole lives', () => {
  test.for(['single-cluster', 'same-network-unrouted', 'same-network-vxlan', 'mixed'])(
    '%s without a mesh: clusters, routes, load, proof, and nothing left',
    { timeout: 120_000 },
    async (name) => {
      const scenario = await plain(name)
      const backend = createKind({ ...fake.options, execute: fake.inProcess() })
      const result = await verifyScenario({ scenario, backend, ...quiet })
      expect(result.evidence.map(({ verdict, reasons }) => [verdict, reasons])).toEqual(
        result.evidence.map(() => ['proven', []]),
      )
      expect(result.ok).toBe(true)
      expect(fake.leftovers()).toEqual(nothing)
      expect(Session.names(fake.sessions)).toEqual([])
    },
  )
})

describe('with the fake tools on PATH', { timeout: 120_000 }, () => {
  test('every kubectl names a kubeconfig of its own, and the user’s is neither read nor written', async () => {
    const backend = createKind(fake.options)
    const result = await verifyScenario({ scenario: await plain('same-network'), backend, ...quiet })
    expect(result.ok).toBe(true)
    expect(fake.leftovers()).toEqual(nothing)
    const calls = fake.calls.filter(({ name, args }) => name === 'kubectl' && args[0] !== 'version')
    expect(calls.length).toBeGreaterThan(10)
    for (const { args, KUBECONFIG } of calls) {
      const file = args[args.indexOf('--kubeconfig') + 1]!
      expect(file.startsWith(fake.sessions)).toBe(true)
      expect(args).toContain('--context')
      // kubectl exec is started with arguments only; everything else has it twice.
      if (!args.includes('exec')) expect(KUBECONFIG).toBe(file)
    }
    expect(fake.isUserKubeconfigUntouched).toBe(true)
    expect(readdirSync(path.dirname(fake.userKubeconfig))).toEqual(['config'])
  })

  test('a stop ends a program that hangs, and nothing is left', async () => {
    fake.breakCalls([{ name: 'docker', words: 'crictl', fault: 'hang' }])
    const stop = new AbortController()
    const plan = planScenario(await plain('single-cluster'))
    const up = createKind(fake.options).up(plan, { signal: stop.signal, progress: () => {} })
    const failure = up.then(
      () => undefined,
      (error: unknown) => error,
    )
    while (!fake.calls.some(({ args }) => args.includes('crictl'))) await sleep(50)
    stop.abort(new Error('enough'))
    expect(String(await failure)).toContain('enough')
    expect(fake.leftovers()).toEqual(nothing)
    expect(Session.names(fake.sessions)).toEqual([])
  })
})

describe('a testbed that is kept', () => {
  test('a second up only reads', async () => {
    const plan = planScenario(await plain('same-network'))
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    await (await createKind(options).up(plan, quiet)).down()
    const second = fake.inProcess()
    await (await createKind({ ...options, execute: second }).up(plan, quiet)).down()
    expect(second.log.filter((line) => !isRead(line))).toEqual([])
    expect(second.log.length).toBeGreaterThan(5)
  })

  test('is said to stay, and one that is not kept to go', async () => {
    const scenario = await plain('single-cluster')
    const lastStep = async (keep: boolean) => {
      const steps: string[] = []
      const backend = createKind({ ...fake.options, execute: fake.inProcess(), keep })
      await verifyScenario({ scenario, backend, ...quiet, progress: (step) => steps.push(step) })
      return steps.findLast((step) => /testbed/.test(step))
    }
    expect(await lastStep(false)).toBe('taking the testbed down')
    expect(await lastStep(true)).toBe('leaving the testbed standing')
  })

  test('refuses packets to addresses that no pod has, beside routes and in its own cluster', async () => {
    const scenario = await plain('same-network')
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    await (await createKind(options).up(planScenario(scenario), quiet)).down()
    const cidrs = scenario.topology.clusters.map(({ podCidr }) => podCidr).toSorted()
    const refused = fake.model(({ containers }) =>
      Object.values(containers).map(({ node }) =>
        node?.routes.flatMap(({ dst, type }) => (type === 'unreachable' ? [dst] : [])).toSorted(),
      ),
    )
    expect(refused).toEqual(refused.map(() => cidrs))
    expect(refused).toHaveLength(2)
  })

  test('nodes that cannot start on this machine are not made', async () => {
    fake.model((model) => {
      model.cgroup = '1'
    })
    const execute = fake.inProcess()
    const options = { ...fake.options, execute, nodeImage: 'kindest/node:v1.35.0' }
    const up = createKind(options).up(planScenario(await plain('single-cluster')), quiet)
    await expect(up).rejects.toThrow(/check that nodes can run here: cgroup v1, but Kubernetes 1\.35/)
    expect(execute.log.filter((line) => !isRead(line))).toEqual([])
  })

  test('an image of nodes that is named by its tag is known by its digest afterwards', async () => {
    const image = 'kindest/node:v1.34.0'
    const options = { ...fake.options, execute: fake.inProcess(), nodeImage: image }
    const testbed = await createKind(options).up(planScenario(await plain('same-network')), quiet)
    expect(testbed.facts['nodeImage']).toMatch(/^kindest\/node:v1\.34\.0@sha256:[0-9a-f]{64}$/)
    await testbed.down()
  })

  test('a port that another program took is no reason to fail', async () => {
    fake.model((model) => {
      model.portRaces = 2
    })
    const options = { ...fake.options, execute: fake.inProcess() }
    await (await createKind(options).up(planScenario(await plain('single-cluster')), quiet)).down()
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('images of which Docker has one platform only come as an archive of that one', async () => {
    fake.model((model) => void (model.hasPlatforms = true))
    const execute = fake.inProcess()
    const plan = planScenario(await plain('single-cluster'))
    await (await createKind({ ...fake.options, execute }).up(plan, quiet)).down()
    const archive = /docker save --platform linux\/amd64 --output (\S+) node:20/.exec(execute.log.join('\n'))
    expect(existsSync(path.dirname(archive![1]!))).toBe(false)
    fake.model((model) => void (model.savesWholeOnly = true))
    const up = createKind({ ...fake.options, execute: fake.inProcess() }).up(plan, quiet)
    await expect(up).rejects.toMatchObject({ hint: expect.stringMatching(/Docker 28 or newer/) as string })
    expect(fake.leftovers()).toEqual(nothing)
  })

  test('its files are the user’s only, and down removes all of it', async () => {
    const plan = planScenario(await plain('same-network'))
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    await (await createKind(options).up(plan, quiet)).down()
    const folder = path.join(fake.sessions, 'same-network')
    expect(statSync(folder).mode & 0o077).toBe(0)
    for (const file of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())) {
      expect([file.name, statSync(path.join(folder, file.name)).mode & 0o777]).toEqual([file.name, 0o600])
    }
    expect(await takeDownSessions(['same-network'], quiet, options)).toEqual(['same-network'])
    expect(existsSync(folder)).toBe(false)
    expect(fake.leftovers()).toEqual(nothing)
    expect(await takeDownSessions(['same-network'], quiet, options)).toEqual([])
  })

  test('routes, rules, stopped nodes and pods that somebody removed are put back', async () => {
    const plan = planScenario(await plain('same-network'))
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    await (await createKind(options).up(plan, quiet)).down()
    fake.model(({ containers }) => {
      const [first, second] = Object.values(containers)
      first!.node!.routes = []
      first!.node!.nat.reverse()
      second!.running = false
    })
    await (await createKind(options).up(plan, quiet)).down()
    fake.model(({ containers }) => {
      const [first, second] = Object.values(containers)
      expect(second!.running).toBe(true)
      expect(first!.node!.routes.map(({ dst }) => dst)).toContain('10.20.0.0/24')
      expect(first!.node!.nat[0]).toMatch(/10\.20\.0\.0\/16 -j RETURN/)
    })
  })

  test('is refused for another form of the scenario', async () => {
    const scenario = await plain('same-network')
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    await (await createKind(options).up(planScenario(scenario), quiet)).down()
    const other = { ...scenario, topology: { ...scenario.topology, routes: [] } }
    await expect(createKind(options).up(planScenario(other), quiet)).rejects.toThrow(/made for another form/)
    expect(fake.leftovers().clusters).toHaveLength(2)
  })
})

describe('what is not hopmeter’s', () => {
  const kindName = 'hm-same-network-east-2'

  test('a foreign cluster of the same name is refused before anything is made', async () => {
    fake.model((model) => {
      model.clusters[kindName] = { objects: {} }
      model.containers[`${kindName}-control-plane`] = { running: true, mounts: ['/var'], cluster: kindName }
    })
    const execute = fake.inProcess()
    const up = createKind({ ...fake.options, execute }).up(planScenario(await plain('same-network')), quiet)
    await expect(up).rejects.toThrow(/already is a kind cluster "hm-same-network-east-2"/)
    expect(execute.log.filter((line) => /kind (create|delete)/.test(line))).toEqual([])
    expect(fake.leftovers().clusters).toEqual([kindName])
  })

  test('a cluster that replaced ours is not deleted, nor one whose marker is gone', async () => {
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    await (await createKind(options).up(planScenario(await plain('same-network')), quiet)).down()
    fake.model(({ clusters, containers }) => {
      containers[`${kindName}-control-plane`]!.mounts = ['/var']
      delete clusters['hm-same-network-east-1']!.objects['ConfigMap/kube-system/hopmeter-session']
    })
    await expect(takeDownSessions('all', quiet, options)).rejects.toThrow(/hopmeter did not make/)
    expect(fake.leftovers().clusters).toHaveLength(2)
    expect(Session.names(fake.sessions)).toEqual(['same-network'])
  })

  test('orphans are those of dead processes that nobody kept', async () => {
    const options = { ...fake.options, execute: fake.inProcess() }
    const testbed = await createKind(options).up(planScenario(await plain('single-cluster')), quiet)
    await (
      await createKind({ ...options, keep: true }).up(planScenario(await plain('same-network')), quiet)
    ).down()
    expect(await takeDownSessions('orphans', quiet, options)).toEqual([])
    await testbed.down()

    const orphan = await createKind(options).up(planScenario(await plain('single-cluster')), quiet)
    const session = Session.find(fake.sessions, 'single-cluster')!
    const lease = JSON.parse(readFileSync(session.file('lease.json'), 'utf8')) as object
    const { writeFileSync } = await import('node:fs')
    writeFileSync(session.file('lease.json'), JSON.stringify({ ...lease, pid: 2 ** 22 - 1, startTicks: '1' }))
    expect(await takeDownSessions('orphans', quiet, options)).toEqual(['single-cluster'])
    expect(fake.leftovers().clusters).toHaveLength(2)
    await orphan.down().catch(() => {})
  })
})

describe('a fault at each kind of command', () => {
  test.for<Fault>(['fail', 'hang', 'rubbish'])(
    '%s: the step is named, everything is cleaned up, and the next up converges',
    { timeout: 300_000 },
    async (fault) => {
      const scenario = await plain('same-network')
      const kinds = await commandKinds(fake, scenario)
      expect(kinds.length).toBeGreaterThan(15)
      for (const kind of struckBy(kinds, fault)) await strike(fake, scenario, kind, fault, nothing)
      expect(fake.isUserKubeconfigUntouched).toBe(true)
      const options = { ...fake.options, execute: fake.inProcess() }
      await (await createKind(options).up(planScenario(scenario), quiet)).down()
    },
  )
})

describe('programs whose versions are none', () => {
  const odd = { docker: 'dev', kind: 'kind unknown go1.24.6 linux/amd64', kubectl: '{}' }

  test('are used, and what is not known is told', async () => {
    const execute = fake.inProcess()
    const notes: string[] = []
    const backend = createKind({
      ...fake.options,
      execute: async (command, options) => {
        const result = await execute(command, options)
        const said = command.args[0] === 'version' ? odd[command.file as keyof typeof odd] : undefined
        return said === undefined ? result : { ...result, stdout: said }
      },
    })
    const context = { ...quiet, note: (message: string) => void notes.push(message) }
    const testbed = await backend.up(planScenario(await plain('single-cluster')), context)
    await testbed.down()
    expect(testbed.facts).toMatchObject({ docker: 'dev', kind: 'unknown', kubectl: 'unknown' })
    expect(notes.map((note) => /^\w+ says its version is "\w+": not known/.exec(note)?.[0])).toEqual([
      'docker says its version is "dev": not known',
      'kind says its version is "unknown": not known',
      'kubectl says its version is "unknown": not known',
    ])
    expect(fake.leftovers()).toEqual(nothing)
  })
})
