import { UsageError } from '../../errors.ts'
import { cidrsOverlap, parseCidr } from '../../topology/cidr.ts'
import type { Cluster } from '../../topology/model.ts'

/**
 * The network between the clusters' nodes, as a data centre or the docker network of kind would be. It is part of
 * the block that RFC 2544 keeps for benchmarks, and it exists only inside the lab.
 */
export const underlay = { cidr: '198.18.0.0/16', prefix: 16, netns: 'wan', bridge: 'wan0' } as const

/** The user-space relay that delays packets, when there is one. */
export const relayAddress = '198.18.0.1'

/** Each cluster has a /24 of the underlay: nodes from .1, and two addresses in front of its gateway. */
export function nodeAddress(clusterIndex: number, node: number): string {
  return `198.18.${clusterIndex + 1}.${node}`
}

/** An address that a node answers for, as MetalLB's layer 2 mode does; one for each of several variants. */
export function l2Address(clusterIndex: number, variant = 0): string {
  return `198.18.${clusterIndex + 1}.${100 + variant}`
}

export function loadBalancerAddress(clusterIndex: number, variant = 0): string {
  return `198.18.${clusterIndex + 1}.${200 + variant}`
}

/** A fixed MAC per underlay address, so that tunnels need no address resolution: `02:00` and the IPv4 address. */
export function tunnelMac(address: string): string {
  const octets = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return ['02', '00', ...octets].join(':')
}

/** @throws UsageError when a pod or service CIDR of the scenario overlaps the underlay. */
export function checkUnderlay(clusters: readonly Cluster[]): void {
  const own = parseCidr(underlay.cidr)
  for (const { name, podCidr, serviceCidr } of clusters) {
    for (const [field, text] of Object.entries({ podCidr, serviceCidr })) {
      const cidr = parseCidr(text)
      if (!cidr || !own || !cidrsOverlap(cidr, own)) continue
      throw new UsageError(
        `cluster "${name}": ${field} ${text} overlaps ${underlay.cidr}, which the lab uses between nodes`,
        { hint: 'choose another CIDR, e.g. from 10.0.0.0/8' },
      )
    }
  }
}
