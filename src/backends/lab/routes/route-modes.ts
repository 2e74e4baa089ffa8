import type { RouteMode } from '../../../scenario/route-modes.ts'
import { bgpRoutes } from './bgp.ts'
import type { LabRouteMode } from './route-mode.ts'
import { staticRoutes } from './static.ts'
import { vxlanRoutes } from './vxlan.ts'

/** How each route mode is made in the lab. */
export const labRouteModes: Readonly<Record<RouteMode, LabRouteMode>> = {
  static: staticRoutes,
  vxlan: vxlanRoutes,
  bgp: bgpRoutes,
}
