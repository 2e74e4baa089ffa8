import { hostOf } from '../../../../evidence/reading.ts'
import { stringify } from 'yaml'
import { hbonePort } from '../../../../plan/names.ts'

/** A pod as discovery tells of it. */
export interface KnownPod {
  readonly name: string
  readonly namespace: string
  readonly serviceAccount: string
  readonly ip: string
  readonly network: string
  readonly cluster: string
  /** Name of its node, which decides for whom a ztunnel fetches certificates. */
  readonly node: string
  /** Services that it is an endpoint of. */
  readonly services: readonly KnownService[]
}

/** Servers behind the gateway of another network: one entry without addresses, as istiod makes it. */
export interface KnownRemote extends Omit<KnownPod, 'ip' | 'node'> {
  /** IP address of the gateway. */
  readonly gateway: string
}

export interface KnownService {
  readonly name: string
  readonly namespace: string
  readonly hostname: string
  /** `ip:port`, in the addresses of the asking cluster. */
  readonly vip: string
  readonly targetPort: number
  /** Who may answer for it. */
  readonly spiffe: readonly string[]
}

/** What a ztunnel is told instead of what istiod's discovery would tell it. */
export interface KnownMesh {
  readonly trustDomain: string
  /** Of the asking ztunnel. */
  readonly network: string
  readonly pods: readonly KnownPod[]
  readonly remotes: readonly KnownRemote[]
  readonly services: readonly KnownService[]
}

/**
 * The file for `LOCAL_XDS_PATH`. ztunnel refuses fields that it does not know, so only those are used that 1.27 to 1.31
 * all have; ports are numbers, also as keys, and must not be quoted.
 * Source: ztunnel `src/xds.rs` LocalConfig, `src/state/{workload,service}.rs`.
 */
export function workloadConfig({ trustDomain, network, pods, remotes, services }: KnownMesh): string {
  const workloads = [
    ...pods.map((pod) => ({
      ...identityOf(pod, trustDomain, `Pod/${pod.namespace}/${pod.name}`),
      workloadIps: [pod.ip],
      node: pod.node,
    })),
    ...remotes.map((remote) => ({
      ...identityOf(remote, trustDomain, `SplitHorizonWorkload/${remote.namespace}/${remote.name}`),
      workloadIps: [],
      networkGateway: { destination: `${remote.network}/${remote.gateway}`, hboneMtlsPort: hbonePort },
    })),
  ]
  return stringify({
    workloads,
    services: services.map(({ name, namespace, hostname, vip, targetPort, spiffe }) => ({
      name,
      namespace,
      hostname,
      vips: [`${network}/${hostOf(vip)}`],
      ports: new Map([[portOf(vip), targetPort]]),
      subjectAltNames: spiffe,
    })),
  })
}

function identityOf(pod: Omit<KnownPod, 'ip' | 'node'>, trustDomain: string, uid: string): object {
  const { name, namespace, serviceAccount, network, cluster, services } = pod
  return {
    uid: `${cluster}//v1/${uid}`,
    name,
    namespace,
    serviceAccount,
    trustDomain,
    network,
    clusterId: cluster,
    protocol: 'HBONE',
    services: Object.fromEntries(
      services.map((service) => [
        `${service.namespace}/${service.hostname}`,
        new Map([[portOf(service.vip), service.targetPort]]),
      ]),
    ),
  }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
