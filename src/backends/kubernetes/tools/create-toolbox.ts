import path from 'node:path'
import { stateFolder } from './folders.ts'
import type { KubernetesOptions } from './options.ts'
import { Toolbox } from './toolbox.ts'
import { locatePrograms } from './tools.ts'

/** The programs of this machine. @throws EnvironmentError when a cached one is not what was downloaded. */
export function createToolbox(options: KubernetesOptions, kubeCache?: string): Toolbox {
  const root = stateFolder(options.stateRoot)
  return new Toolbox({
    programs: locatePrograms(options),
    noKubeconfig: path.join(root, 'no-kubeconfig'),
    kubeCache,
    execute: options.execute,
    deadlineScale: options.deadlineScale,
  })
}
