import type { Backend } from '../backends/backend.ts'
import { backendEntry, type BackendOptions } from '../backends/registry.ts'

/** What the command line says of testbeds; some flags have shorter names than what they mean. */
export interface KubernetesFlags extends Omit<BackendOptions, 'contexts' | 'loadBalancerImage'> {
  readonly lbImage?: string
  /** Context of each cluster, by its name in the scenario. */
  readonly context?: Readonly<Record<string, string>>
}

/** The backend behind `--backend`. @throws UsageError when there is none of that name. */
export function createBackend(name: string, flags: KubernetesFlags = {}): Promise<Backend> {
  return backendEntry(name).create(backendOptions(flags))
}

export function backendOptions({ lbImage, context, ...same }: KubernetesFlags): BackendOptions {
  return { ...same, loadBalancerImage: lbImage, contexts: context }
}
