import os from 'node:os'
import path from 'node:path'

type Variables = Readonly<Record<string, string | undefined>>

/** Where hopmeter keeps what it must not forget: `$XDG_STATE_HOME/hopmeter`. `root` stands for the variable. */
export function stateHome(root?: string, env: Variables = process.env): string {
  return path.join(root ?? homeOf(env['XDG_STATE_HOME'], '.local', 'state'), 'hopmeter')
}

/** Where it keeps what can be had again: `$XDG_CACHE_HOME/hopmeter`. */
export function cacheHome(root?: string, env: Variables = process.env): string {
  return path.join(root ?? homeOf(env['XDG_CACHE_HOME'], '.cache'), 'hopmeter')
}

/** The XDG specification has relative paths ignored. */
function homeOf(variable: string | undefined, ...below: readonly string[]): string {
  return variable !== undefined && path.isAbsolute(variable) ? variable : path.join(os.homedir(), ...below)
}
