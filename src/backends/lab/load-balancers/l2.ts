import type { EntranceOf } from './entrance.ts'

/** An address of its own, as MetalLB's layer 2 mode announces one. */
export const l2LoadBalancer: EntranceOf = ({ announced }) => ({
  nodeAddress: announced,
  published: announced,
})
