import { describe, expect, it } from 'vitest'
import { createLab } from '../backends/lab/lab.ts'
import { ladder } from '../backends/lab/testing/ladder.ts'
import { requires } from '../backends/lab/testing/requires.ts'
import { quietly } from '../backends/lab/testing/with-lab.ts'
import { planScenario } from '../plan/plan-scenario.ts'
import { Build } from './build.ts'
import { expandLoads } from '../load/profiles.ts'
import { turnsOf } from './schedule.ts'

const variants = ['base', 'pr'].map((name) => ({ name, settings: {}, engines: {}, tuning: {} }))
const plan = planScenario(ladder().scenario, variants)

describe('variants side by side', { timeout: 180_000 }, () => {
  it('visits both request by request: one generator, with connections out of the pods of each', async (context) => {
    await requires(context)
    const paths = plan.paths.filter(({ mesh }) => mesh === 'ambient')
    const loads = expandLoads(plan.scenario.loads)
    const build = await Build.up(createLab({ variants }), plan, { paths, halves: false }, quietly)
    try {
      await build.connect(loads)
      const turns = turnsOf(paths, loads, 1000)
      expect(turns).toHaveLength(1)
      const { evidence, samples } = await build.prove(turns)
      expect(evidence.filter(({ verdict }) => verdict !== 'proven')).toEqual([])
      const counts = paths.map(({ name }) =>
        samples.filter(({ path }) => path === name).reduce((sum, { received }) => sum + received, 0),
      )
      expect(Math.min(...counts)).toBeGreaterThan(0)
      // The cycle in which a turn ends may be cut.
      const turnCount = samples.length / paths.length
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(turnCount)
    } finally {
      await build.down()
    }
  })
})
