import type { Component } from './model.ts'

const titles = {
  'client-pod': 'client pod',
  ztunnel: 'ztunnel',
  'east-west-gateway': 'east-west gateway',
  'load-balancer': 'load balancer',
  'server-pod': 'server pod',
} as const satisfies Record<Component['kind'], string>

/** e.g. `east-west gateway`. */
export function componentTitle(kind: Component['kind']): string {
  return titles[kind]
}

/** Identity of a component within a testbed. */
export function componentKey(component: Component): string {
  return `${component.kind}/${component.cluster}/${component.node ?? ''}`
}

/** e.g. `ztunnel (east-1/n2)` or `east-west gateway (west)`. */
export function componentLabel(component: Component): string {
  const node = component.node === undefined ? '' : `/n${component.node}`
  return `${titles[component.kind]} (${component.cluster}${node})`
}

/** e.g. `client pod (east-1/n1) → ztunnel (east-1/n1) → server pod (east-1/n1)`. */
export function pathLabel(components: readonly Component[]): string {
  return components.map(componentLabel).join(' → ')
}

export function sameComponents(a: readonly Component[], b: readonly Component[]): boolean {
  return a.length === b.length && a.every((c, i) => componentKey(c) === componentKey(b[i]!))
}
