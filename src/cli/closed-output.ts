import { constants, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'

const shells = new Set(['sh', 'bash', 'dash', 'ash', 'busybox', 'zsh', 'ksh', 'mksh', 'fish'])

/**
 * Whether a shell closed our standard output (`>&-`). Node opens /dev/null in its place, for reading and writing, which
 * no shell does on its own; other programs do, for those who want no answer, so only a shell's child can tell.
 */
export function isOutputClosed(): boolean {
  try {
    if (readlinkSync('/proc/self/fd/1') !== '/dev/null') return false
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/1', 'utf8'))?.[1] ?? '0'
    if ((Number.parseInt(flags, 8) & 3) !== constants.O_RDWR) return false
    const parent = `/proc/${process.ppid}`
    const isShell = shells.has(path.basename(readlinkSync(`${parent}/exe`)))
    return isShell && readlinkSync(`${parent}/fd/1`) !== '/dev/null'
  } catch {
    return false // no /proc, or a parent of somebody else
  }
}
