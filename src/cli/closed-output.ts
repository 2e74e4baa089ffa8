import { readFileSync, readlinkSync } from 'node:fs'

const accessModes = 0o3
const readWrite = 0o2

/** Standard output and standard error. */
export type OutputFd = 1 | 2

/** Which output was closed when this process was started, if one was; the launcher of the installed command has looked. */
export function closedOutput(env: Readonly<Record<string, string | undefined>>): OutputFd | undefined {
  if (env['HOPMETER_OUTPUTS'] === 'open') return undefined
  return ([1, 2] as const).find((fd) => wasOutputClosed(fd))
}

/**
 * Whether an output was closed (`>&-`) when this process was started. Node puts /dev/null in its place, so no write ever
 * fails; the installed command is started by a shell that looks before (scripts/launcher.mjs), and this is for
 * `node main.js`. Other programs that discard our output (`stdio: 'ignore'` of Node, DEVNULL of Python) open
 * /dev/null as Node does, which is why the parent is looked at: it was closed where the parent has none either, and
 * where it is a shell, since shells open /dev/null for writing only. Where that cannot be known, it was not closed.
 */
export function wasOutputClosed(fd: OutputFd, proc = '/proc', parent: number = process.ppid): boolean {
  try {
    if (readlinkSync(`${proc}/self/fd/${fd}`) !== '/dev/null') return false
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`${proc}/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0'
    if ((Number.parseInt(flags, 8) & accessModes) !== readWrite) return false
    const theirs = linkOf(`${proc}/${parent}/fd/${fd}`)
    if (theirs === undefined) return true
    const name = readFileSync(`${proc}/${parent}/comm`, 'utf8').trim()
    // A shell without output of its own handed that on.
    return /^(?:ba|da|z|k|mk|fi|a)?sh$/.test(name) && theirs !== '/dev/null'
  } catch {
    return false
  }
}

/** Undefined where there is no such descriptor. @throws Error when it may not be looked at. */
function linkOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
