import { hbonePort } from '../../../plan/names.ts'
import type { PolicyFacts } from './mesh-facts.ts'

type Labels = Readonly<Record<string, string>>

interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

interface PolicyPort {
  readonly protocol?: string
  readonly port?: number | string
  readonly endPort?: number
}

/** The part of a NetworkPolicy's `spec` that decides about tunnels. */
export interface PolicySpec {
  readonly podSelector?: { readonly matchLabels?: Labels; readonly matchExpressions?: readonly Requirement[] }
  readonly policyTypes?: readonly string[]
  readonly ingress?: readonly { readonly ports?: readonly PolicyPort[] }[]
}

interface Selectable {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Labels }
}

/**
 * What a NetworkPolicy does to pods of its namespace; nothing when it is not about what comes in. Without
 * `policyTypes` a policy is about ingress. Source: Kubernetes API, NetworkPolicySpec.
 */
export function policyFacts(
  { metadata, spec = {} }: { readonly metadata: { readonly name: string }; readonly spec?: PolicySpec },
  objects: readonly Selectable[],
): readonly PolicyFacts[] {
  if (spec.policyTypes?.includes('Ingress') === false) return []
  const pods = objects.filter(({ kind, metadata: own }) => kind === 'Pod' && selects(spec, own.labels ?? {}))
  const letsTunnelsIn = (spec.ingress ?? []).some(
    ({ ports }) => ports === undefined || ports.length === 0 || ports.some((port) => isTunnelPort(port)),
  )
  return [{ name: metadata.name, pods: pods.map(({ metadata: own }) => own.name), letsTunnelsIn }]
}

/** A named port is one of the pod's own, and no pod names ztunnel's. */
function isTunnelPort({ protocol = 'TCP', port, endPort }: PolicyPort): boolean {
  if (protocol !== 'TCP' || typeof port === 'string') return false
  return port === undefined || (port <= hbonePort && hbonePort <= (endPort ?? port))
}

function selects({ podSelector = {} }: PolicySpec, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = podSelector
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => meets(requirement, labels))
  )
}

function meets({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labels[key]
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  const isListed = value !== undefined && values.includes(value)
  return operator === 'In' ? isListed : !isListed
}
