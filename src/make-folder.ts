import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { EnvironmentError } from './errors.ts'

/**
 * Makes a folder and its missing parents, one by one. Node's own recursive mkdir never returns where a file system
 * answers "no such file" for a folder whose parent exists: under /proc, and behind a link that leads nowhere.
 * @param mode permissions of what is made
 * @throws EnvironmentError when it cannot be made; its cause is the error of the system call
 */
export function makeFolder(folder: string, mode = 0o777): void {
  try {
    const missing: string[] = []
    for (let at = path.resolve(folder); !isFolder(at); at = path.dirname(at)) missing.unshift(at)
    for (const at of missing) makeOne(at, mode)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EnvironmentError(`cannot make the folder ${folder}: ${reason}`, {
      cause,
      hint: 'Use a folder that you can write to.',
    })
  }
}

function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isFolder(folder)) throw error
  }
}

function isFolder(at: string): boolean {
  return statSync(at, { throwIfNoEntry: false })?.isDirectory() ?? false
}
