import { UsageError } from '../../errors.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import type { RouteKind } from './routes/route-kind.ts'
import { routeKindOf } from './routes/route-kinds.ts'

/** How clusters of this scenario are routed. @throws UsageError for what kind clusters cannot do. */
export function checkSupported(plan: Plan): RouteKind {
  const routeKind = routeKindOf(plan)
  if (plan.scenario.delays.length > 0) {
    throw new UsageError('delays between networks are not supported on this backend', {
      hint: 'use --backend lab, or a scenario without delays',
    })
  }
  return routeKind
}
