import { describe, expect, test } from 'vitest'
import { drivers } from '../agent/drivers/drivers.ts'
import { expandLoads, loadSchema, probeLoad, profileNames, profileOf } from './profiles.ts'

/** The least that can be written of each. */
const least = { open: { rate: 5 } } as Readonly<Record<string, object>>
const flags = { protocol: 'http2', connections: 3, ratePerSecond: 50, busyPoll: true } as const

describe.each(profileNames)('the profile %s', (profile) => {
  test('is named by what its loads are called', () => {
    const written = loadSchema.parse({ profile, ...least[profile] })
    const loads = expandLoads([profileOf(profile).fromWritten(written)])
    expect(loads.length).toBeGreaterThan(0)
    for (const { id } of loads) expect(id.split('-')[0]).toBe(profile)
  })

  test('is read by its driver as it was sent, from a scenario and from probe', () => {
    const [{ load } = undefined!] = expandLoads([
      profileOf(profile).fromWritten(loadSchema.parse({ profile, ...least[profile] })),
    ])
    for (const sent of [load, probeLoad(profile, flags)]) {
      const { requestBytes, responseBytes } = sent
      const read = drivers[profile].read({ ...sent }, { requestBytes, responseBytes })
      expect(read).toMatchObject(sent)
    }
  })

  test('has metrics of its own names, and probe shows some of them', () => {
    const { metrics, probed } = profileOf(profile)
    const names = metrics.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(metrics[0].isDefault).toBe(true)
    expect(names).toEqual(expect.arrayContaining([...probed]))
  })
})

test('a sweep is one load for each number of connections, told apart by it', () => {
  const swept = profileOf('closed').fromWritten(loadSchema.parse({ profile: 'closed', connections: [1, 8] }))
  expect(expandLoads([swept]).map(({ id }) => id)).toEqual(['closed-c1', 'closed-c8'])
})

test('sizes are named where they are unusual', () => {
  const load = profileOf('connect').fromWritten(loadSchema.parse({ profile: 'connect', responseBytes: 1024 }))
  expect(expandLoads([load]).map(({ id }) => id)).toEqual(['connect-16x1024'])
})
