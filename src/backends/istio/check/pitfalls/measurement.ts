import type { ClusterMeshFacts } from '../mesh-facts.ts'
import type { Pitfall } from './pitfall.ts'

/** Streams per HTTP/2 connection, at ztunnel's pool and at the gateway. */
const streamsPerConnection = 100
/** ztunnel's `POOL_UNUSED_RELEASE_TIMEOUT`. */
const poolReleaseMs = 5 * 60_000

/** What makes right paths give numbers that mean something else. */
export const measurementPitfalls: readonly Pitfall[] = [
  {
    id: 16,
    name: 'more streams than a connection carries',
    severity: 'note',
    check: ({ loads }) =>
      (loads ?? []).flatMap((load) => {
        if (!('connections' in load)) return []
        const most = Math.max(...[load.connections].flat())
        return most > streamsPerConnection ? [`load ${load.profile} uses ${most} connections at once`] : []
      }),
    why: `one tunnel carries ${streamsPerConnection} streams, at ztunnel and at the gateway; beyond that another one is opened and latency makes a step`,
    remedy: `stay at ${streamsPerConnection} connections per client, or read such a step as what it is`,
  },
  {
    id: 17,
    name: 'pool cools down',
    severity: 'note',
    check: ({ longestRestMs }) =>
      longestRestMs !== undefined && longestRestMs > poolReleaseMs
        ? [`a path rests for ${Math.round(longestRestMs / 1000)} s between turns`]
        : [],
    why: 'ztunnel closes tunnels that nobody used for 5 minutes, so a "warm" request pays for a handshake',
    remedy: 'interleave the paths, or send warm-up load before each turn',
  },
  {
    id: 22,
    name: 'clusters that compete',
    severity: 'note',
    check: ({ clusters, cores }) => [
      ...(cores !== undefined && cores < 2 * clusters.length
        ? [`${cores} cores for ${clusters.length} clusters: less than 2 each`]
        : []),
      ...differentThreads(clusters),
    ],
    why: 'clusters on one machine compete for its cores, and heat and load drift with time',
    remedy: 'pin ztunnel threads, and compare differences rather than absolute numbers',
  },
]

function differentThreads(clusters: readonly ClusterMeshFacts[]): readonly string[] {
  const threads = new Set(
    clusters.flatMap(({ ztunnels }) => (ztunnels ?? []).flatMap((z) => z.threads ?? [])),
  )
  return threads.size > 1 ? [`ztunnels have ${[...threads].join(' and ')} threads`] : []
}
