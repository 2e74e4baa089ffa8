import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { describe, expect, it, test } from 'vitest'
import { agentProtocolVersion } from '../../agent/protocol.ts'
import { start } from '../../process/exec.ts'
import type { Load } from '../../load/profiles.ts'
import type { Testbed } from '../backend.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { onCpu, sharedCpu } from './cpus.ts'
import { createLab } from './lab.ts'
import { commandOf, descendantsOf } from './testing/leftovers.ts'
import { requires } from './testing/requires.ts'
import { quietly } from './testing/with-lab.ts'
import { cluster, path, planOf } from './testing/scenario.ts'

const sizes = { requestBytes: 16, responseBytes: 16 }
const pingpong: Load = { profile: 'pingpong', protocol: 'http1', ...sizes }
const connect: Load = { profile: 'connect', ...sizes }
const closed: Load = { profile: 'closed', connections: [4], ...sizes }
const open: Load = { profile: 'open', ratePerSecond: 50, connections: 2, ...sizes }
const isAlone = availableParallelism() < 2

describe('which CPU', () => {
  test.each([
    ['one request in flight', [pingpong, connect], undefined, true],
    ['several in flight', [closed], undefined, false],
    ['a load that does not wait', [open], undefined, false],
    ['both kinds', [pingpong, closed], undefined, false],
    ['several in flight, told one', [closed], 'one', true],
    ['one request in flight, told all', [pingpong], 'all', false],
  ] as const)('programs share one under %s: %#', (_, loads, asked, shared) => {
    expect(sharedCpu(loads, asked) !== undefined).toBe(shared && !isAlone)
  })

  test('a command is started on it, or as it was', () => {
    const command = { netns: 'pod', file: 'node', args: ['agent.mjs'] }
    expect(onCpu(command, undefined)).toBe(command)
    expect(onCpu(command, 3)).toEqual({
      netns: 'pod',
      file: 'taskset',
      args: ['--cpu-list', '3', 'node', 'agent.mjs'],
    })
  })
})

describe('programs of a lab', { timeout: 120_000 }, () => {
  const small = (loads: readonly Load[]): Plan =>
    planOf(
      { clusters: [cluster(1, 'east', { nodes: 2 })], routes: [] },
      [path('p', 'east/1', 'east/2', 'ambient')],
      { loads },
    )

  /** CPUs that each thread of a program may use. */
  function allowed(pid: number | 'self'): string[] {
    return readdirSync(`/proc/${pid}/task`).map(
      (thread) =>
        /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))![1]!,
    )
  }
  const programs = () =>
    descendantsOf(process.pid).filter(({ pid }) =>
      /^\S*node .*(lab-component\.mjs|agent\.mjs)/.test(commandOf(pid)),
    )

  /** Runs a load agent while the CPUs of all programs are read. */
  async function allCpus(testbed: Testbed, plan: Plan): Promise<Set<string>> {
    const [planned] = plan.paths
    const { file, args } = testbed.agentCommand(planned!.clientWorkload, 'load')
    const agent = start(file, args)
    const targets = [{ path: 'p', ...testbed.target(planned!) }]
    const request = { type: 'open', version: agentProtocolVersion, load: pingpong, targets, timeoutMs: 3000 }
    agent.stdin.write(`${JSON.stringify(request)}\n`)
    try {
      for await (const line of createInterface({ input: agent.stdout })) {
        expect(line).toContain('"opened"')
        break
      }
      const found = programs()
      expect(found.some(({ pid }) => commandOf(pid).includes('agent.mjs load'))).toBe(true)
      expect(found.some(({ pid }) => commandOf(pid).includes('agent.mjs serve'))).toBe(true)
      expect(found.some(({ pid }) => commandOf(pid).includes('lab-component.mjs'))).toBe(true)
      return new Set(found.flatMap(({ pid }) => allowed(pid)))
    } finally {
      agent.stdin.end()
      await agent.done.catch(() => {})
    }
  }

  it.for([
    ['one', [pingpong], 'one'],
    ['all', [closed], 'all'],
  ] as const)(
    'run on %s CPU where the load is %o, also after a restart',
    async ([, loads, cpus], context) => {
      await requires(context)
      if (isAlone) context.skip('this machine has one CPU')
      const plan = small(loads)
      const testbed = await createLab().up(plan, quietly)
      try {
        const expected = cpus === 'one' ? String(sharedCpu(loads)) : allowed('self')[0]!
        expect(await allCpus(testbed, plan)).toEqual(new Set([expected]))
        await testbed.restart!({ ...quietly, seed: 5 })
        expect(await allCpus(testbed, plan)).toEqual(new Set([expected]))
        expect(testbed.facts['cpus']).toBe(cpus === 'one' ? `CPU ${expected} for all programs` : 'all')
      } finally {
        await testbed.down()
      }
    },
  )
})
