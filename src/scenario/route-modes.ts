/** How pod CIDRs are made reachable between clusters. */
export const routeModes = {
  static: 'static routes',
  vxlan: 'a VXLAN overlay',
  bgp: 'BGP sessions',
} as const

export type RouteMode = keyof typeof routeModes

export const routeModeNames = Object.keys(routeModes) as [RouteMode, ...RouteMode[]]
