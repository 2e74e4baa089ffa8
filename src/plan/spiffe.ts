import { gatewayName, meshNamespace, systemNamespace } from './names.ts'
import type { Workload } from './plan-scenario.ts'

/** The parts of an Istio workload identity, `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`. */
export interface SpiffeId {
  readonly trustDomain: string
  readonly namespace: string
  readonly serviceAccount: string
}

/** Istio's default. */
export const trustDomain = 'cluster.local'

export function spiffeId(namespace: string, serviceAccount: string, domain = trustDomain): string {
  return `spiffe://${domain}/ns/${namespace}/sa/${serviceAccount}`
}

/** Identity of every east-west gateway, as Istio's generated gateways have it. */
export const gatewaySpiffe = spiffeId(systemNamespace, gatewayName)

export function workloadSpiffe({ name }: Pick<Workload, 'name'>): string {
  return spiffeId(meshNamespace, name)
}

/** Undefined for anything that is not an Istio workload identity. */
export function parseSpiffe(id: string): SpiffeId | undefined {
  const match = /^spiffe:\/\/([\w.-]+)\/ns\/([\w.-]+)\/sa\/([\w.-]+)$/.exec(id)
  if (!match) return undefined
  return { trustDomain: match[1]!, namespace: match[2]!, serviceAccount: match[3]! }
}
