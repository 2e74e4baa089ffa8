import type { EntranceOf } from './entrance.ts'

export const noLoadBalancer: EntranceOf = ({ nodeAddress }) => ({ nodeAddress, published: nodeAddress })
