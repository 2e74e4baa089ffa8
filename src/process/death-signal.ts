import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { execaSync } from 'execa'

/** A program and its arguments. */
interface Words {
  readonly file: string
  readonly args: readonly string[]
}

let isAvailable: boolean | undefined

/**
 * The same program, which the kernel ends when this process dies, however it dies and even if the program is stopped
 * at that moment: PR_SET_PDEATHSIG of prctl(2), which `setpriv` of util-linux sets. It stays in force across exec, so
 * the process id is the program's own. Unchanged where there is no such setpriv, or where the program is missing: the
 * caller shall learn that from the system, not from setpriv.
 */
export function dyingWithUs(file: string, args: readonly string[], searchPath: string): Words {
  if (!canDieWithUs(searchPath) || !isProgram(file, searchPath)) return { file, args }
  return { file: 'setpriv', args: ['--pdeathsig', 'KILL', '--', file, ...args] }
}

/** Whether this machine lets programs die with us, by a setpriv that knows how. */
export function canDieWithUs(searchPath = process.env['PATH'] ?? ''): boolean {
  return (isAvailable ??= process.platform === 'linux' && worksHere(searchPath))
}

/** Not all that are called setpriv know the option: that of busybox does not. */
function worksHere(searchPath: string): boolean {
  const env = { PATH: searchPath }
  return !execaSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], { reject: false, env }).failed
}

function isProgram(file: string, searchPath: string): boolean {
  if (file.includes('/')) return isExecutable(file)
  return searchPath.split(':').some((folder) => isExecutable(path.join(folder, file)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
