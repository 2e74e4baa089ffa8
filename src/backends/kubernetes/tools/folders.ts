import path from 'node:path'
import { cacheHome, stateHome } from '../../../xdg.ts'

/** Where hopmeter keeps its claim on clusters: `$XDG_STATE_HOME/hopmeter/kubernetes`. */
export function stateFolder(root?: string): string {
  return path.join(stateHome(root), 'kubernetes')
}

/** Where downloaded tools are kept: `$XDG_CACHE_HOME/hopmeter/tools`. */
export function toolsFolder(root?: string): string {
  return path.join(cacheHome(root), 'tools')
}
