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
  const { kind, cluster, node = '', variant } = component
  return `${kind}/${cluster}/${node}${variant === undefined ? '' : `@${variant}`}`
}

/** e.g. `ztunnel (east-1/n2)`, `east-west gateway (west)` or, of one of several variants, `ztunnel (east-1/n2 pr)`. */
export function componentLabel({ kind, cluster, node, variant }: Component): string {
  const place = `${cluster}${node === undefined ? '' : `/n${node}`}`
  return `${titles[kind]} (${place}${variant === undefined ? '' : ` ${variant}`})`
}

/** e.g. `client pod (east-1/n1) → ztunnel (east-1/n1) → server pod (east-1/n1)`. */
export function pathLabel(components: readonly Component[]): string {
  return components.map(componentLabel).join(' → ')
}

export function sameComponents(a: readonly Component[], b: readonly Component[]): boolean {
  return a.length === b.length && a.every((c, i) => componentKey(c) === componentKey(b[i]!))
}

/** Marks a part as of that variant; nothing where there is but one of everything. */
export function ofVariant(variant: string | undefined): { readonly variant?: string } {
  return variant === undefined ? {} : { variant }
}
