/** By which addresses a gateway is reached. */
export interface Entrance {
  /** Underlay address whose port 15008 the node translates to the pod. */
  readonly nodeAddress: string
  /** Address that other networks dial. */
  readonly published: string
  /** Namespace of the load balancer that forwards, when there is one. */
  readonly loadBalancerNetns?: string | undefined
}

/** What a kind of load balancer makes of the addresses that a gateway can have. */
export type EntranceOf = (at: {
  /** That of its node. */
  readonly nodeAddress: string
  /** One more that the node answers for. */
  readonly announced: string
  /** A host of its own. */
  readonly balancer: { readonly netns: string; readonly ip: string }
}) => Entrance
