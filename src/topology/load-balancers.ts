interface Kind {
  /** It ends connections and opens others, so that a path has one component more. */
  readonly isComponent: boolean
  /** What the schema says of it. */
  readonly meaning: string
  /** What a map says of the gateway behind it. */
  readonly entrance?: string
}

/** How an east-west gateway can be exposed. */
const kinds = {
  none: { isComponent: false, meaning: 'it is dialled directly' },
  l2: {
    isComponent: false,
    meaning: 'an address announced on the link, such as MetalLB; adds no component',
    entrance: 'L2 address',
  },
  proxy: { isComponent: true, meaning: 'terminates TCP and forwards; adds one component' },
} as const satisfies Record<string, Kind>

export type LoadBalancerKind = keyof typeof kinds

export const loadBalancerKinds: Readonly<Record<LoadBalancerKind, Kind>> = kinds

export const loadBalancerNames = Object.keys(kinds) as [LoadBalancerKind, ...LoadBalancerKind[]]

/** Whether what stands before a gateway is a component of its own. */
export function isComponent(kind: LoadBalancerKind | undefined): boolean {
  return kind !== undefined && loadBalancerKinds[kind].isComponent
}
