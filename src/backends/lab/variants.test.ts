import { describe, expect, it } from 'vitest'
import { componentKey } from '../../topology/component.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { ladder, ladderProven } from './testing/ladder.ts'
import { requires } from './testing/requires.ts'
import { quietly, verdicts, withLab } from './testing/with-lab.ts'
import type { LabVariant } from './variants.ts'

const variants: readonly LabVariant[] = ['base', 'pr'].map((name) => ({
  name,
  settings: {},
  engines: {},
  tuning: {},
}))
const plan = planScenario(ladder().scenario, variants)
const proven = Object.fromEntries(
  Object.entries(ladderProven).flatMap(([name, seen]) => [
    [`${name}@base`, seen],
    [`${name}@pr`, seen],
  ]),
)

describe('variants side by side in one lab', { timeout: 180_000 }, () => {
  it('proves every path of each through its own components, also after a restart', async (context) => {
    await requires(context)
    await withLab(plan, { variants }, async (testbed) => {
      expect(await verdicts(testbed, plan)).toEqual(proven)
      await testbed.restart?.({ ...quietly, seed: 7 })
      expect(await verdicts(testbed, plan)).toEqual(proven)
      const components = (await testbed.cpuUsage()).map(({ component }) => component)
      const of = (variant: string) =>
        components
          .filter((component) => component.variant === variant)
          .map((component) => componentKey(component).replace(variant, ''))
          .toSorted()
      expect(of('pr')).toHaveLength(components.length / 2)
      expect(of('base')).toEqual(of('pr'))
      expect(testbed.variants?.map(({ name, engine }) => `${name} ${engine.name}`)).toEqual([
        'base lab-node',
        'pr lab-node',
      ])
    })
  })
})
