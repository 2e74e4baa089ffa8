import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { LabCommand } from '../command.ts'
import { createLab } from '../lab.ts'
import { LineProcess } from '../line-process.ts'
import { prove } from '../testing/load.ts'
import { whoProgram, withNetwork } from '../testing/network.ts'
import { requires } from '../testing/requires.ts'
import { between, cluster, path, planOf } from '../testing/scenario.ts'
import { delayRelayCommand } from './relay-program.ts'
import type { DelayMessage } from './protocol.ts'

type RoundTrip = Extract<DelayMessage, { type: 'round-trip' }>

const rttMs = 8
const byteCount = 3_000_000

function twoNetworks(routeMode: 'static' | 'vxlan' | 'bgp') {
  return planOf(
    {
      clusters: [
        cluster(1, 'east-1', { network: 'east' }),
        cluster(2, 'east-2', { network: 'east' }),
        cluster(3, 'west', { gateway: { loadBalancer: 'proxy' } }),
        cluster(4, 'south', { gateway: { loadBalancer: 'l2' } }),
      ],
      routes: [...between('east-1', 'west'), ...between('east-1', 'east-2')],
    },
    [
      path('plain', 'east-1', 'west', 'none'),
      path('near', 'east-1', 'east-2', 'none'),
      path('mesh', 'east-1', 'west', 'ambient'),
    ],
    {
      routeMode,
      delays: [
        { between: ['east', 'west'], rttMs },
        { between: ['east', 'south'], rttMs },
      ],
    },
  )
}

describe.each(['static', 'vxlan', 'bgp'] as const)('delay in user space (%s)', (routeMode) => {
  it(
    'holds every packet between the networks and leaves its content whole',
    { timeout: 120_000 },
    async (context) => {
      const plan = twoNetworks(routeMode)
      await requires(context, 'vxlan', 'programs', ...(routeMode === 'bgp' ? (['bird'] as const) : []))
      await withNetwork(
        plan,
        async ({ anchor, layout, ip, serve, dial }) => {
          const roundTripMs = async (netns: string, host: string) => {
            const config = { role: 'round-trip', host, port: 9, count: 5 }
            const command = delayRelayCommand(netns)
            const answer = await LineProcess.once<RoundTrip>(anchor, 'ping', command, config, 'round-trip')
            return answer.medianMs
          }
          const client = 'client-east-1-n1-plain'
          const [lb, l2] = layout.gateways.map(({ published }) => published)
          const apart = { pod: ip('server-west-n1-plain'), node: '198.18.3.1', lb, l2 }
          for (const [name, host = ''] of Object.entries(apart)) {
            expect([name, (await roundTripMs(client, host)) >= rttMs]).toEqual([name, true])
          }
          // This one is not delayed at all; a busy machine may be slow, but not every time.
          let undelayedMs = Infinity
          for (let i = 0; i < 20 && undelayedMs >= rttMs; i++)
            undelayedMs = await roundTripMs(client, ip('server-east-2-n1-plain'))
          expect(undelayedMs).toBeLessThan(rttMs)

          await serve('server-west-n1-plain', ip('server-west-n1-plain'), 8080)
          const [answer] = await dial(client, `${ip('server-west-n1-plain')}:8080`)
          expect(answer?.peer).toBe(ip(client))

          const serverPod = 'server-west-n1-plain'
          const source = ['source', apart.pod, '8081', String(byteCount)]
          await LineProcess.start(anchor, 'source', program(serverPod, source), {})
          const sink = await anchor.run(program(client, ['sink', `${apart.pod}:8081`]))
          expect(JSON.parse(sink.stdout)).toEqual({ bytes: byteCount, sha256: digestOfSource() })
        },
        'userspace-vxlan',
      )
    },
  )
})

function program(netns: string, args: readonly string[]): LabCommand {
  return { netns, file: process.execPath, args: [whoProgram, ...args] }
}

/** Of the bytes that `who.mjs source` sends. */
function digestOfSource(): string {
  const bytes = Uint8Array.from({ length: byteCount }, (_, i) => (i * 7 + (i >> 8)) & 0xff)
  return createHash('sha256').update(bytes).digest('hex')
}

describe('a lab with delay', { timeout: 120_000 }, () => {
  it('carries mesh traffic, and says how and how much it delays', async (context) => {
    await requires(context, 'delay', 'programs')
    const plan = twoNetworks('static')
    const signal = new AbortController().signal
    const testbed = await createLab().up(plan, { signal, progress: () => {} })
    try {
      expect(testbed.delayMethod).toMatch(/^(netem|userspace-vxlan)$/)
      expect(testbed.facts['rtt east to west']).toMatch(/^\d+\.\d\d ms \(asked for 8 ms\)$/)
      for (const planned of plan.paths) expect((await prove(testbed, planned)).reasons).toEqual([])
    } finally {
      await testbed.down()
    }
  })
})
