import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { pasteable } from '../../shell-words.ts'
import type { Step } from '../backend.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { createLab } from './lab.ts'
import { programs, warmSoon, warmSoonFlags } from './programs.ts'
import { ladder } from './testing/ladder.ts'
import { between, cluster, path as pathOf, planOf } from './testing/scenario.ts'

const dist = path.dirname(programs.agent)
const machine = { isolation: 'root', bridgeNetfilter: true } as const

/** As `plan` prints them, without what differs between machines. */
function asText(steps: readonly Step[]): string {
  const blocks = steps.map(({ name, commands }) => {
    const lines = commands.map(({ file, args, input }) => {
      const command = pasteable(file, args)
      return input === undefined ? command : `${command} <<'END'\n${input.trimEnd()}\nEND`
    })
    return [`# ${name}`, ...lines].join('\n')
  })
  return `${blocks.join('\n\n')}\n`
    .replaceAll(process.execPath, 'node')
    .replaceAll(warmSoon.join(' '), warmSoonFlags('11').join(' '))
    .replaceAll(`${dist}/`, 'dist/')
}

async function textOf(plan: Plan, more: Parameters<typeof createLab>[0] = {}): Promise<string> {
  return asText(await createLab({ ...machine, ...more }).steps(plan))
}

/** Two clusters, one of two nodes, in networks that lie apart. */
function apart(routeMode: 'static' | 'vxlan' | 'bgp', loadBalancer: 'l2' | 'proxy' = 'l2'): Plan {
  const topology = {
    clusters: [cluster(1, 'east', { nodes: 2 }), cluster(2, 'west', { gateway: { loadBalancer } })],
    routes: [...between('east', 'west')],
  }
  const delays = [{ between: ['east', 'west'], rttMs: 5 }] as const
  return planOf(topology, [pathOf('p', 'east/2', 'west', 'ambient')], { routeMode, delays })
}

describe('the steps of a lab', () => {
  it('are what they are, for a path of every kind', async () => {
    await expect(await textOf(ladder())).toMatchFileSnapshot('testing/steps/ladder.txt')
  })

  it.for([
    ['static', 'netem'],
    ['vxlan', 'userspace-vxlan'],
    ['bgp', 'userspace-vxlan'],
  ] as const)('are what they are, with %s routes and delay by %s', async ([routeMode, delayMethod]) => {
    const text = await textOf(apart(routeMode), { delayMethod })
    await expect(text).toMatchFileSnapshot(`testing/steps/${routeMode}-${delayMethod}.txt`)
  })

  it('are what they are, with programs of others', async () => {
    const engines = { ztunnel: '/opt/ztunnel', envoy: '/opt/envoy', haproxy: 'haproxy' }
    const text = await textOf(apart('static', 'proxy'), { delayMethod: 'netem', engines })
    await expect(text).toMatchFileSnapshot('testing/steps/engines.txt')
  })

  it('hold no keys', async () => {
    const engines = { ztunnel: '/opt/ztunnel', envoy: '/opt/envoy', haproxy: 'haproxy' }
    expect(await textOf(ladder())).not.toContain('PRIVATE KEY')
    expect(await textOf(ladder(), { engines })).not.toContain('PRIVATE KEY')
  })

  it('enter a user namespace where hopmeter is a plain user', async () => {
    const [first] = await createLab({ isolation: 'user-namespace' }).steps(ladder())
    expect(first?.commands[0]?.args).toContain('--map-root-user')
    expect(first?.name).toContain('--user --preserve-credentials')
  })

  it('come in the same order every time', async () => {
    expect(await textOf(ladder())).toBe(await textOf(ladder()))
  })
})
