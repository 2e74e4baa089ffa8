import { z } from 'zod'
import { readJson, type Reading } from '../../../evidence/reading.ts'

/** Counters of one address to which the gateway forwards. */
export interface ForwardedHost {
  /** `ip:port` of a server's ztunnel. */
  readonly address: string
  /** Since Envoy knows this address; it forgets addresses that are not used for a while. */
  readonly connections: number
  readonly open: number
}

const clusters = z.object({
  cluster_statuses: z
    .array(
      z.object({
        name: z.string(),
        host_statuses: z
          .array(
            z.object({
              address: z.object({
                socket_address: z.object({ address: z.string(), port_value: z.number().int() }).optional(),
              }),
              stats: z.array(z.object({ name: z.string(), value: z.coerce.number().optional() })).optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
})

/** Envoy's cluster (ORIGINAL_DST) that opens one TCP connection per stream to the server's ztunnel. */
const forwardCluster = 'forward_inner_connect'

/**
 * Answer of Envoy's admin interface to `GET /clusters?format=json`, as far as the gateway forwards with it. These
 * counters exist whatever the statistics filter of the proxy leaves out.
 * Source: envoy `api/envoy/admin/v3/clusters.proto`; istio `cluster_waypoint.go` (name of the cluster).
 */
export function parseForwardedHosts(text: string): Reading<readonly ForwardedHost[]> {
  const read = readJson("the gateway's clusters", text, clusters)
  if (!read.ok) return read
  const hosts = (read.value.cluster_statuses ?? [])
    .filter(({ name }) => name === forwardCluster)
    .flatMap(({ host_statuses: statuses }) => statuses ?? [])
  const value = hosts.flatMap(({ address: { socket_address: socket }, stats }) => {
    if (!socket) return []
    // A value of zero is left out of the JSON form.
    const stat = (wanted: string) => stats?.find(({ name }) => name === wanted)?.value ?? 0
    const address = `${socket.address}:${socket.port_value}`
    return [{ address, connections: stat('cx_total'), open: stat('cx_active') }]
  })
  return { ok: true, value }
}
