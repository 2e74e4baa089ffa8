import type { Workload } from './plan-scenario.ts'

/** What is called the same in every backend, so that one path has one name wherever it is measured. */

export const serverPort = 8080
/** Port of HBONE, at pods, gateways and load balancers alike. */
export const hbonePort = 15_008

export const meshNamespace = 'hopmeter'
export const plainNamespace = 'hopmeter-plain'
export const systemNamespace = 'istio-system'
/** Name and service account of the gateway: clients of other networks verify `…/sa/istio-eastwestgateway`. */
export const gatewayName = 'istio-eastwestgateway'

/** Namespace of a workload: pods outside the mesh live in one of their own. */
export function namespaceOf({ mesh }: Pick<Workload, 'mesh'>): string {
  return mesh === 'ambient' ? meshNamespace : plainNamespace
}

/** DNS name of the service in front of a server workload. */
export function serviceHostname(server: Pick<Workload, 'name' | 'mesh'>): string {
  return `${server.name}.${namespaceOf(server)}.svc.cluster.local`
}
