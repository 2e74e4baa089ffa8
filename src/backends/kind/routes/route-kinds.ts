import { UsageError } from '../../../errors.ts'
import type { Plan } from '../../../plan/plan-scenario.ts'
import type { RouteKind } from './route-kind.ts'
import { staticRoutes } from './static.ts'
import { vxlanRoutes } from './vxlan.ts'

/** Those that nodes of kind can have. */
const routeKinds: readonly RouteKind[] = [staticRoutes, vxlanRoutes]

/** How pod CIDRs of a scenario are routed; without routes that makes no difference. @throws UsageError */
export function routeKindOf({ scenario: { routeMode, topology } }: Plan): RouteKind {
  const found = routeKinds.find(({ mode }) => mode === routeMode)
  if (found) return found
  if (topology.routes.length === 0) return staticRoutes
  throw new UsageError(`routes by ${routeMode.toUpperCase()} are not supported on this backend`, {
    hint: `use --backend lab, or a scenario with ${routeKinds.map(({ mode }) => mode).join(' or ')} routes`,
  })
}
