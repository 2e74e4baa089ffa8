import { routedNodes } from '../layout.ts'
import type { LabRouteMode } from './route-mode.ts'

/** Nodes share the underlay, so each is the next hop to its own pods. */
export const staticRoutes: LabRouteMode = { nextHops: routedNodes }
