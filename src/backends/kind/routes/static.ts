import type { RouteKind } from './route-kind.ts'

/** Nodes share a network of Docker's, so each is the next hop to its own pods. */
export const staticRoutes: RouteKind = { mode: 'static', to: ({ address }) => ({ via: address }) }
