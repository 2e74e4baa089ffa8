import { homedir } from 'node:os'
import path from 'node:path'

/** Where hopmeter keeps its claim on clusters: `$XDG_STATE_HOME/hopmeter/kubernetes`. */
export function stateFolder(root?: string): string {
  const base = root ?? absolute(process.env['XDG_STATE_HOME']) ?? path.join(homedir(), '.local', 'state')
  return path.join(base, 'hopmeter', 'kubernetes')
}

/** Where downloaded tools are kept: `$XDG_CACHE_HOME/hopmeter/tools`. */
export function toolsFolder(root?: string): string {
  const base = root ?? absolute(process.env['XDG_CACHE_HOME']) ?? path.join(homedir(), '.cache')
  return path.join(base, 'hopmeter', 'tools')
}

/** The XDG specification has relative paths ignored. */
function absolute(text: string | undefined): string | undefined {
  return text !== undefined && path.isAbsolute(text) ? text : undefined
}
