import { describe, expect, it } from 'vitest'
import { labDoctor, labNeeds } from './doctor.ts'
import { descendantsOf, descendantsSince, leftovers } from './testing/leftovers.ts'
import { toolVersion } from './tools.ts'
import { between, cluster, path, planOf } from './testing/scenario.ts'

const topology = {
  clusters: [cluster(1, 'east'), cluster(2, 'west', { gateway: { loadBalancer: 'none' } })],
  routes: between('east', 'west'),
}
const paths = [path('p', 'east', 'west', 'ambient')]
const delays = [{ between: ['east', 'west'], rttMs: 5 }] as const

describe('labDoctor', () => {
  it('says of each need whether it is met, and how to meet it', async () => {
    const before = descendantsOf(process.pid)
    const scenarios = [
      planOf(topology, paths).scenario,
      planOf(topology, paths, { routeMode: 'bgp' }).scenario,
    ]
    const report = await labDoctor(scenarios)
    const names = report.checks.map(({ name }) => name)
    expect(names.toSorted()).toEqual(
      [
        'node',
        'programs',
        'private namespaces',
        'setpriv',
        'ip',
        'nft',
        'bird',
        'veth and bridge',
        'vxlan',
        'delay',
      ].toSorted(),
    )
    expect(report.scenarios.map(({ name }) => name)).toEqual(['test', 'test'])
    const failed = new Set(report.checks.filter(({ ok }) => !ok).map(({ name }) => name))
    expect(report.scenarios.map(({ ok }) => ok)).toEqual(
      scenarios.map((scenario) => labNeeds(scenario).every((need) => !failed.has(need))),
    )
    for (const check of report.checks) expect(check.detail).not.toBe('')
    const left = descendantsSince(before)
    expect(await leftovers(left)).toEqual([])
  })

  it('names the package of a program that is missing', async () => {
    const missing = toolVersion('bird', undefined, { PATH: '/nonexistent' })
    await expect(missing).rejects.toMatchObject({
      name: 'EnvironmentError',
      message: expect.stringContaining('"bird"') as string,
      hint: expect.stringContaining('apt-get install --yes bird2') as string,
    })
  })
})

describe('labNeeds', () => {
  const special = (more: Parameters<typeof planOf>[2]) =>
    labNeeds(planOf(topology, paths, more).scenario).filter((need) =>
      ['vxlan', 'bird', 'delay'].includes(need),
    )

  it('asks for what the scenario uses, and no more', () => {
    expect(special({})).toEqual([])
    expect(special({ routeMode: 'vxlan' })).toEqual(['vxlan'])
    expect(special({ routeMode: 'bgp', delays })).toEqual(['bird', 'delay'])
  })
})
