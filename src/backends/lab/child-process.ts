import { readdirSync, readFileSync } from 'node:fs'

/**
 * The program that `nsenter` started: nsenter itself stays outside the PID namespace, the program is its only child.
 * Undefined when it has ended, or with a kernel without CONFIG_PROC_CHILDREN.
 */
export function onlyChild(pid: number): number | undefined {
  return childrenOf(pid, pid)[0]
}

/** All that a program started, with what that started; empty with a kernel without CONFIG_PROC_CHILDREN. */
export function descendants(pid: number): readonly number[] {
  return threadsOf(pid)
    .flatMap((thread) => childrenOf(pid, thread))
    .flatMap((child) => [child, ...descendants(child)])
}

/** Any of them may have started a process. */
function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return [] // it has ended
  }
}

function childrenOf(pid: number, thread: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim()
    // The kernel writes 0 for a child that is just going, and a signal to 0 would end all of our own group.
    return children
      .split(' ')
      .map(Number)
      .filter((child) => Number.isInteger(child) && child > 1)
  } catch {
    return []
  }
}
