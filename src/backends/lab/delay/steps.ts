import { UsageError } from '../../../errors.ts'
import type { Delay } from '../../../scenario/types.ts'
import { batch, ipBatch, type LabStep } from '../command.ts'
import { underlayHosts, type LabLayout, type UnderlayHost } from '../layout.ts'
import { relayAddress, tunnelMac, underlay } from '../underlay.ts'
import { labRouteModes } from '../routes/route-modes.ts'
import { vxlanOverhead, vxlanPort } from '../routes/vxlan.ts'
import type { DelayedPair } from './protocol.ts'

/** How packets between networks are delayed. */
export type DelayMethod = 'none' | 'netem' | 'userspace-vxlan'

const linkMtu = 1500
/** Not the VNI of routes over VXLAN, whose devices share the UDP port. */
const delayVni = 2
/** Bands that the kernel's prio qdisc can have; one is for traffic without delay. */
const maxBands = 16
/** Packets that may be under way per direction: 10 Gb/s for 100 ms, where netem's default of 1000 would drop. */
const netemLimit = 100_000

/** MTU of pods: smaller than the link's when packets travel in one or two tunnels. */
export function podMtu(layout: LabLayout, method: DelayMethod): number {
  const { overheadBytes = 0 } = labRouteModes[layout.routeMode]
  return linkMtu - overheadBytes - (method === 'userspace-vxlan' ? vxlanOverhead : 0)
}

/** Which underlay addresses lie apart, and by how much in one direction. */
export function delayedPairs(layout: LabLayout, delays: readonly Delay[]): readonly DelayedPair[] {
  return delays.map(({ between: [a, b], rttMs }) => ({
    a: hostsOf(layout, a).map(({ ip }) => ip),
    b: hostsOf(layout, b).map(({ ip }) => ip),
    delayMs: rttMs / 2,
  }))
}

export function delaySteps(layout: LabLayout, delays: readonly Delay[], method: DelayMethod): LabStep[] {
  if (method === 'none' || delays.length === 0) return []
  return [method === 'netem' ? netemStep(layout, delays) : tunnelStep(layout, delays)]
}

function hostsOf(layout: LabLayout, network: string): readonly UnderlayHost[] {
  return underlayHosts(layout).filter(({ cluster }) => cluster.network === network)
}

/** What lies apart from a host: per delay, the hosts at its other end. */
function farFrom(layout: LabLayout, delays: readonly Delay[], host: UnderlayHost) {
  return delays.flatMap(({ between: [a, b], rttMs }) => {
    const { network } = host.cluster
    const other = network === a ? b : network === b ? a : undefined
    return other === undefined ? [] : [{ delayMs: rttMs / 2, hosts: hostsOf(layout, other) }]
  })
}

/** Every underlay address of these hosts, with the host that answers for it. */
function addressesOf(layout: LabLayout, hosts: readonly UnderlayHost[]) {
  const more = layout.gateways
    .filter(({ nodeAddress, node }) => nodeAddress !== node.ip)
    .flatMap((gateway) => {
      const isFar = hosts.some(({ netns }) => netns === gateway.node.netns)
      return isFar ? [{ ip: gateway.nodeAddress, host: gateway.node.ip }] : []
    })
  return [...hosts.map(({ ip }) => ({ ip, host: ip })), ...more]
}

function netemStep(layout: LabLayout, delays: readonly Delay[]): LabStep {
  const commands = underlayHosts(layout).flatMap((host) => {
    const far = farFrom(layout, delays, host)
    if (far.length === 0) return []
    if (far.length >= maxBands) {
      throw new UsageError(`network "${host.cluster.network}" has more than ${maxBands - 1} delays`)
    }
    const links = far.map(({ delayMs, hosts }) => ({ delayMs, destinations: destinationsOf(layout, hosts) }))
    return [batch('tc', host.netns, netemLines('eth0', links))]
  })
  return { name: 'delay packets between networks (netem)', commands }
}

/** One netem qdisc per delay, by destination; everything else leaves at once, in the first band. */
export function netemLines(
  device: string,
  links: readonly { readonly delayMs: number; readonly destinations: readonly string[] }[],
): readonly string[] {
  const allInFirstBand = Array.from({ length: 16 }, () => 0).join(' ')
  return [
    `qdisc add dev ${device} root handle 1: prio bands ${Math.max(2, links.length + 1)} priomap ${allInFirstBand}`,
    ...links.flatMap(({ delayMs, destinations }, i) => [
      `qdisc add dev ${device} parent 1:${i + 2} handle 1${i}: netem delay ${delayMs}ms limit ${netemLimit}`,
      ...destinations.map(
        (cidr) =>
          `filter add dev ${device} parent 1: protocol ip prio 1 u32 match ip dst ${cidr} flowid 1:${i + 2}`,
      ),
    ]),
  ]
}

/** Underlay addresses, and pod CIDRs: packets between routed pods carry pod addresses on the underlay. */
function destinationsOf(layout: LabLayout, hosts: readonly UnderlayHost[]): readonly string[] {
  const clusters = new Map(hosts.map(({ cluster }) => [cluster.name, cluster.podCidr]))
  return [...addressesOf(layout, hosts).map(({ ip }) => `${ip}/32`), ...clusters.values()]
}

/**
 * Without netem: a VXLAN device per node whose only peer is a relay in user space. Routes to the far side's
 * addresses lead into it, so pod routes that go by way of those addresses do too.
 */
function tunnelStep(layout: LabLayout, delays: readonly Delay[]): LabStep {
  const mtu = linkMtu - vxlanOverhead
  const commands = underlayHosts(layout).flatMap((host) => {
    const far = farFrom(layout, delays, host).flatMap(({ hosts }) => hosts)
    if (far.length === 0) return []
    return [
      ipBatch(host.netns, [
        `link add delay0 type vxlan id ${delayVni} local ${host.ip} remote ${relayAddress} dstport ${vxlanPort} nolearning`,
        // Segments must be whole packets before they reach the relay: it could not cut them.
        `link set delay0 address ${tunnelMac(host.ip)} mtu ${mtu} gso_max_segs 1 up`,
        // The host's own address, so that address translation chooses it here too.
        `address add ${host.ip}/32 dev delay0`,
        ...far.map(({ ip }) => `neighbour add ${ip} lladdr ${tunnelMac(ip)} dev delay0 nud permanent`),
        ...addressesOf(layout, far).map(({ ip, host: via }) =>
          ip === via
            ? `route add ${ip}/32 dev delay0 src ${host.ip}`
            : `route add ${ip}/32 via ${via} dev delay0 onlink src ${host.ip}`,
        ),
      ]),
    ]
  })
  const relay = ipBatch(underlay.netns, [
    `address add ${relayAddress}/${underlay.prefix} dev ${underlay.bridge}`,
    'link set lo up',
  ])
  return {
    name: 'delay packets between networks (VXLAN through a relay in user space)',
    commands: [relay, ...commands],
  }
}
