import path from 'node:path'
import { stateFolder } from './folders.ts'
import type { KubernetesOptions } from './options.ts'
import { Toolbox, type ToolboxOptions } from './toolbox.ts'

/** The programs of this machine. */
export function createToolbox(
  options: KubernetesOptions,
  own: Pick<ToolboxOptions, 'programs' | 'kubeCache'> = {},
): Toolbox {
  const root = stateFolder(options.stateRoot)
  return new Toolbox({
    ...own,
    noKubeconfig: path.join(root, 'no-kubeconfig'),
    execute: options.execute,
    deadlineScale: options.deadlineScale,
  })
}
