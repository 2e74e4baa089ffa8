import { describe, expect, it } from 'vitest'
import { decode } from '../../agent/testing/drive.ts'
import { createLab } from './lab.ts'
import { keptConnection, sendLoad } from './testing/load.ts'
import { requires } from './testing/requires.ts'
import { quietly } from './testing/with-lab.ts'
import { cluster, path, planOf } from './testing/scenario.ts'

describe('a lab in which one server is slow on purpose', { timeout: 120_000 }, () => {
  it('delays the requests to that server by that much and no others, also after a restart', async (context) => {
    await requires(context)
    const plan = planOf({ clusters: [cluster(1, 'east', { nodes: 3 })], routes: [] }, [
      path('slow', 'east/1', 'east/2', 'ambient'),
      path('plain', 'east/1', 'east/3', 'ambient'),
    ])

    const serverFaults = { 'server-east-n2': { delayUs: 500_000 } }
    const testbed = await createLab({ serverFaults }).up(plan, quietly)
    try {
      for (const start of [1, 2]) {
        if (start > 1) await testbed.restart!({ ...quietly, seed: start })
        const [slow, plain] = [
          await sendLoad(testbed, plan.paths[0]!, keptConnection, 800),
          await sendLoad(testbed, plan.paths[1]!, keptConnection, 800),
        ]
        // HDR buckets are 0.1 % wide.
        expect(decode(slow.warm).minNonZeroValue).toBeGreaterThanOrEqual(0.999 * 500e6)
        expect(decode(plain.warm).minNonZeroValue).toBeLessThan(500e6)
      }
    } finally {
      await testbed.down()
    }
  })
})
