import { readFileSync, readlinkSync } from 'node:fs'

const accessModes = 0o3
const readWrite = 0o2

/**
 * Whether standard output was closed (`>&-`) when a shell started this process. Node puts /dev/null in its place, so
 * no write ever fails. Shells themselves open /dev/null for writing only; other programs that discard our output
 * (`stdio: 'ignore'` of Node, DEVNULL of Python) open it as Node does, which is why the parent is looked at. Where that
 * cannot be known, it was not closed.
 */
export function wasOutputClosed(proc = '/proc', parent: number = process.ppid): boolean {
  try {
    if (readlinkSync(`${proc}/self/fd/1`) !== '/dev/null') return false
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`${proc}/self/fdinfo/1`, 'utf8'))?.[1] ?? '0'
    if ((Number.parseInt(flags, 8) & accessModes) !== readWrite) return false
    const name = readFileSync(`${proc}/${parent}/comm`, 'utf8').trim()
    return /^(?:ba|da|z|k|mk|fi|a)?sh$/.test(name) && !isDiscarded(`${proc}/${parent}/fd/1`)
  } catch {
    return false
  }
}

/** A shell without output of its own handed that on. */
function isDiscarded(link: string): boolean {
  try {
    return readlinkSync(link) === '/dev/null'
  } catch {
    return false // closed there too
  }
}
