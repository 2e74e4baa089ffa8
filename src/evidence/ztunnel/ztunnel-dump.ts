import { z } from 'zod'
import { readJson, type Reading } from '../reading.ts'

const connection = z.object({
  src: z.string(),
  originalDst: z.string().nullish(),
  actualDst: z.string(),
  protocol: z.string(),
})

const dump = z.object({
  config: z
    .object({
      network: z.string().nullish(),
      clusterId: z.string().nullish(),
      numWorkerThreads: z.number().nullish(),
    })
    .nullish(),
  version: z.object({ version: z.string().nullish(), gitTag: z.string().nullish() }).nullish(),
  workloads: z.array(
    z.object({
      uid: z.string(),
      name: z.string(),
      namespace: z.string(),
      serviceAccount: z.string().nullish(),
      trustDomain: z.string().nullish(),
      workloadIps: z.array(z.string()).nullish(),
      network: z.string().nullish(),
      networkGateway: z.object({ destination: z.string(), hboneMtlsPort: z.number().nullish() }).nullish(),
      waypoint: z.object({ destination: z.unknown() }).nullish(),
      protocol: z.string().nullish(),
      clusterId: z.string().nullish(),
      node: z.string().nullish(),
      status: z.string().nullish(),
    }),
  ),
  services: z.array(
    z.object({
      name: z.string(),
      namespace: z.string(),
      hostname: z.string(),
      vips: z.array(z.string()).nullish(),
      endpoints: z.record(z.string(), z.object({ workloadUid: z.string() })).nullish(),
      subjectAltNames: z.array(z.string()).nullish(),
      waypoint: z.object({ destination: z.unknown() }).nullish(),
      loadBalancer: z
        .object({ mode: z.string().nullish(), routingPreferences: z.array(z.string()).nullish() })
        .nullish(),
    }),
  ),
  certificates: z
    .array(
      z.object({
        identity: z.string(),
        state: z.string().nullish(),
        rootCerts: z.array(z.object({ pem: z.string().nullish() })).nullish(),
      }),
    )
    .nullish(),
  workloadState: z
    .record(
      z.string(),
      z.object({
        state: z.string().nullish(),
        info: z
          .object({ name: z.string(), namespace: z.string(), serviceAccount: z.string().nullish() })
          .nullish(),
        connections: z
          .object({ inbound: z.array(connection).nullish(), outbound: z.array(connection).nullish() })
          .nullish(),
      }),
    )
    .nullish(),
})

/** What hopmeter reads of ztunnel's `config_dump`; everything else in it is left alone. */
export type ZtunnelDump = z.infer<typeof dump>
export type ZtunnelWorkload = ZtunnelDump['workloads'][number]
export type ZtunnelService = ZtunnelDump['services'][number]

/** A connection that ztunnel carries now, and the pod of its node to which it belongs. */
export interface OpenConnection {
  readonly direction: 'inbound' | 'outbound'
  readonly pod: string
  readonly namespace: string
  readonly serviceAccount: string | undefined
  /** `ip:port` of the peer. */
  readonly src: string
  /** `ip:port`, or a host name without port where the CONNECT named one. */
  readonly originalDst: string
  /** `ip:port` that ztunnel dialled. */
  readonly actualDst: string
  readonly protocol: string
}

/** Form: ztunnel `src/admin.rs` config_dump of 1.27 to 1.31, as `istioctl ztunnel-config all -o json` passes it on. */
export function parseZtunnelDump(text: string): Reading<ZtunnelDump> {
  return readJson("ztunnel's config_dump", text, dump)
}

export function openConnections(of: ZtunnelDump): readonly OpenConnection[] {
  return Object.values(of.workloadState ?? {}).flatMap(({ info, connections }) => {
    if (!info) return []
    const { name: pod, namespace, serviceAccount } = info
    const owner = { pod, namespace, serviceAccount: serviceAccount ?? undefined }
    const all = (['inbound', 'outbound'] as const).flatMap((direction) =>
      (connections?.[direction] ?? []).map((c) => ({ direction, ...owner, ...c })),
    )
    return all.map((c) => ({ ...c, originalDst: c.originalDst ?? '' }))
  })
}

/**
 * Workloads behind a service, as this ztunnel sees them. Remote ones behind a gateway come as one without addresses:
 * istiod `createSplitHorizonWorkload`.
 */
export function endpointsOf(of: ZtunnelDump, hostname: string): readonly ZtunnelWorkload[] {
  const byUid = new Map(of.workloads.map((workload) => [workload.uid, workload]))
  return of.services
    .filter((service) => service.hostname === hostname)
    .flatMap(({ endpoints }) => Object.values(endpoints ?? {}))
    .flatMap(({ workloadUid }) => byUid.get(workloadUid) ?? [])
}
