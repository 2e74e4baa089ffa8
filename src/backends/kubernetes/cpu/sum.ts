import { componentKey } from '../../../topology/component.ts'
import type { ComponentCpu } from '../../backend.ts'

/** One entry per component: several pods add up; the oldest reading is the age of the sum. */
export function sumByComponent(usages: readonly ComponentCpu[]): readonly ComponentCpu[] {
  const sums = new Map<string, ComponentCpu>()
  for (const usage of usages) {
    const key = componentKey(usage.component)
    const sum = sums.get(key)
    if (!sum) {
      sums.set(key, usage)
      continue
    }
    const throttled = [sum.throttledMs, usage.throttledMs].filter((ms) => ms !== undefined)
    const ages = [sum.atMs, usage.atMs].filter((ms) => ms !== undefined)
    sums.set(key, {
      component: sum.component,
      cpuMs: sum.cpuMs + usage.cpuMs,
      ...(throttled.length === 0 ? {} : { throttledMs: throttled.reduce((total, ms) => total + ms, 0) }),
      ...(ages.length === 0 ? {} : { atMs: Math.min(...ages) }),
    })
  }
  return [...sums.values()]
}
