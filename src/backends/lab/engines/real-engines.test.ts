import { describe, expect, it } from 'vitest'
import { createLab } from '../lab.ts'
import { fork, ladder, ladderProven } from '../testing/ladder.ts'
import { prove } from '../testing/load.ts'
import { requires } from '../testing/requires.ts'
import { quietly, verdicts, withLab } from '../testing/with-lab.ts'
import { cluster, path, planOf } from '../testing/scenario.ts'
import { realEnvoy, realHaproxy } from './testing/real-engines.ts'

describe('a lab of several makers', { timeout: 180_000 }, () => {
  const plan = ladder()

  it('proves the ladder through a real Envoy and a real HAProxy, and names them', async (context) => {
    await requires(context)
    const engines = { envoy: realEnvoy(context), haproxy: realHaproxy(context) }
    await withLab(plan, { engines }, async (testbed) => {
      expect(await verdicts(testbed, plan)).toEqual(ladderProven)
      expect(await verdicts(testbed, plan)).toEqual(ladderProven)
      expect(testbed.engine.name).toBe('lab-node+envoy+haproxy')
      expect(testbed.loadBalancer).toMatch(/^haproxy \d+\.\d+/)
      expect(testbed.facts['gateway']).toMatch(/^envoy \d+\.\d+\.\d+/)
      expect(testbed.facts['ztunnel']).toMatch(/^lab-node /)
    })
  })

  it('counts the CPU time of programs of others', async (context) => {
    await requires(context)
    const engines = { envoy: realEnvoy(context), haproxy: realHaproxy(context) }
    await withLab(plan, { engines }, async (testbed) => {
      const of = async (kind: string) =>
        (await testbed.cpuUsage())
          .filter(({ component }) => component.kind === kind)
          .map(({ cpuMs }) => cpuMs)
      const before = [...(await of('east-west-gateway')), ...(await of('load-balancer'))]
      for (const planned of plan.paths) await prove(testbed, planned)
      const after = [...(await of('east-west-gateway')), ...(await of('load-balancer'))]
      expect(after).toHaveLength(3)
      for (const [i, cpuMs] of after.entries()) expect(cpuMs).toBeGreaterThan(before[i] ?? Infinity)
    })
  })

  it('names only what forwards: a testbed without gateways has no Envoy', async (context) => {
    await requires(context)
    const engines = { envoy: realEnvoy(context), haproxy: realHaproxy(context) }
    const small = planOf({ clusters: [cluster(1, 'east')], routes: [] }, [
      path('p', 'east', 'east', 'ambient'),
    ])
    await withLab(small, { engines }, (testbed) => {
      expect(testbed.engine.name).toBe('lab-node')
      expect(testbed.loadBalancer).toBe('none')
      expect(JSON.stringify(testbed.facts)).not.toContain('envoy')
      return Promise.resolve()
    })
  })
})

describe('a lab with a real Envoy that is misrouted on purpose', { timeout: 120_000 }, () => {
  const plan = fork()

  it.for([
    ['direct-through-gateway', { direct: /^mismatch DOUBLEHBONE 5/, gateway: /^proven DOUBLEHBONE 5$/ }],
    ['gateway-sent-direct', { direct: /^proven HBONE 4$/, gateway: /^mismatch HBONE 4/ }],
  ] as const)('shows %s in the evidence', async ([misroute, expected], context) => {
    await requires(context)
    const engines = { envoy: realEnvoy(context) }
    await withLab(plan, { misroute, engines }, async (testbed) => {
      const seen = await verdicts(testbed, plan)
      expect(seen['direct']).toMatch(expected.direct)
      expect(seen['gateway']).toMatch(expected.gateway)
    })
  })
})

describe('a program that the user names', () => {
  const plan = ladder()

  it.for([
    ['envoy', '/nowhere/envoy', /there is no program \/nowhere\/envoy/],
    ['envoy', '/etc/passwd', /there is no program \/etc\/passwd, or it may not be executed/],
    ['envoy', '/bin/true', /\/bin\/true is no envoy: asked for its version it says/],
    ['haproxy', '/bin/false', /\/bin\/false does not run as haproxy/],
    ['ztunnel', '/bin/echo', /\/bin\/echo is no ztunnel: asked for its version it says "version"/],
  ] as const)('is refused as %s when it is %s', async ([name, file, message]) => {
    const up = createLab({ engines: { [name]: file } }).up(plan, quietly)
    await expect(up).rejects.toThrow(message)
    await expect(up).rejects.toMatchObject({ hint: expect.stringMatching(/./) as string })
  })
})
