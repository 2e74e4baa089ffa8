import { cidrsOverlap, parseCidr } from '../../../../topology/cidr.ts'
import { hbonePort } from '../../../../plan/names.ts'
import type { ClusterMeshFacts, PathFacts } from '../mesh-facts.ts'
import type { Pitfall } from './pitfall.ts'

/** Packets that do not arrive, or not as they were sent. */
export const networkPitfalls: readonly Pitfall[] = [
  {
    id: 1,
    name: 'overlapping CIDRs',
    severity: 'error',
    check: ({ clusters }) =>
      pairs(clusters).flatMap(([a, b]) => {
        const kinds = [
          ['pod', a.podCidr, b.podCidr],
          ['service', a.serviceCidr, b.serviceCidr],
        ] as const
        const planned = kinds
          .filter(([, one, other]) => overlap(one, other))
          .map(([kind, one, other]) => `${kind} CIDRs of ${a.name} (${one}) and ${b.name} (${other}) overlap`)
        return planned.length > 0 || a.network !== b.network ? planned : sharedAddresses(a, b)
      }),
    why: "a node takes an address of the other cluster for one of its own and never routes the packet; kind's defaults overlap",
    remedy: 'give every cluster CIDRs of its own in the scenario and make the clusters anew',
  },
  {
    id: 2,
    name: 'missing or one-way route',
    severity: 'error',
    check: ({ clusters, paths }) =>
      directPairs(paths).flatMap(([from, to]) => {
        const towards = (one: string, other: string) =>
          clusters.find(({ name }) => name === one)?.routes?.filter((route) => route.to === other) ?? []
        const isOneWay = towards(to, from).some(({ via, wanted }) => via === wanted)
        return towards(from, to).flatMap(({ node, podCidr, via, wanted }) => {
          if (via === wanted) return []
          const isBack = isOneWay ? ', though the way back exists' : ''
          return via === undefined
            ? [`node ${node} has no route to the pods of ${to} in ${podCidr}${isBack}`]
            : [
                `node ${node} sends packets for the pods of ${to} in ${podCidr} to ${via} instead of ${wanted}`,
              ]
        })
      }),
    why: 'pods of one network dial each other; a missing way back can stay hidden while kindnet masquerades, since answers then go to the node',
    remedy:
      'hopmeter up again puts routes back (a restart of Docker removes them); check with ip route get on that node',
  },
  {
    id: 3,
    name: 'masqueraded pod addresses',
    severity: 'note',
    check: ({ clusters, paths }) =>
      directPairs(paths).flatMap(([from, to]) => {
        const cidr = clusters.find(({ name }) => name === to)?.podCidr
        const chains =
          clusters.find(({ name }) => name === from)?.masquerade ?? new Map<string, readonly string[]>()
        return [...chains]
          .filter(([, lines]) => cidr !== undefined && isMasqueraded(lines, cidr))
          .map(([node]) => `node ${node} rewrites the source of packets to ${to} (${cidr})`)
      }),
    why: "servers see the node instead of the pod, and translation costs time that the path alone would not; the mesh's identities are not affected",
    remedy:
      "a RETURN rule for that CIDR before MASQUERADE in KIND-MASQ-AGENT; connections that are open keep the node's address until they close",
  },
  {
    id: 18,
    name: 'network policy without port 15008',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, policies, pods }) =>
        (pods ?? []).flatMap((pod) => {
          const own = (policies ?? []).filter((policy) => policy.pods.includes(pod.name))
          if (own.length === 0 || own.some(({ letsTunnelsIn }) => letsTunnelsIn)) return []
          const names = own.map((policy) => policy.name).join(' and ')
          return [`NetworkPolicy ${names} of ${name} does not let port ${hbonePort} in to ${pod.name}`]
        }),
      ),
    why: 'in the mesh all traffic arrives at port 15008; a policy for the application port lets none of it in, and the client waits 10 s',
    remedy: 'let TCP 15008 in wherever the application port is let in',
  },
]

function pairs<T>(items: readonly T[]): readonly (readonly [T, T])[] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b) => [a, b] as const))
}

function overlap(a: string, b: string): boolean {
  const [one, other] = [parseCidr(a), parseCidr(b)]
  return one !== undefined && other !== undefined && cidrsOverlap(one, other)
}

/** Pods of one network dial each other by address. */
function sharedAddresses(a: ClusterMeshFacts, b: ClusterMeshFacts): readonly string[] {
  for (const one of a.nodeCidrs ?? []) {
    const other = b.nodeCidrs?.find((cidr) => overlap(one, cidr))
    if (other !== undefined)
      return [`pods of ${a.name} and ${b.name} have the same addresses: ${one} and ${other}`]
  }
  return []
}

function directPairs(paths: readonly PathFacts[]): readonly (readonly [string, string])[] {
  const both = paths
    .filter(({ client, server, gateway }) => gateway === undefined && client.cluster !== server.cluster)
    .flatMap(({ client, server }) => [
      [client.cluster, server.cluster] as const,
      [server.cluster, client.cluster] as const,
    ])
  return [...new Map(both.map((pair) => [pair.join(' '), pair])).values()]
}

function isMasqueraded(lines: readonly string[], cidr: string): boolean {
  const masquerade = lines.findIndex((line) => /-j MASQUERADE/.test(line))
  const returned = lines.findIndex((line) => line.includes(`-d ${cidr} `) && /-j RETURN/.test(line))
  return masquerade !== -1 && (returned === -1 || returned > masquerade)
}
