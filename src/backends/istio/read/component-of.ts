import type { Component } from '../../../topology/model.ts'
import type { PodObject } from '../../kubernetes/cluster/objects.ts'
import { gatewayLabel } from '../names.ts'
import { gatewayName, systemNamespace } from '../../../plan/names.ts'

/** Which component of the mesh a pod is; undefined for all others. */
export function istioComponentOf(
  { metadata: { namespace, labels = {} } }: PodObject,
  cluster: string,
  node: number | undefined,
): Component | undefined {
  if (namespace === systemNamespace && labels['app'] === 'ztunnel' && node !== undefined) {
    return { kind: 'ztunnel', cluster, node }
  }
  return labels[gatewayLabel] === gatewayName ? { kind: 'east-west-gateway', cluster } : undefined
}
