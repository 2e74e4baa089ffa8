import { readFileSync } from 'node:fs'

/**
 * The program that `nsenter` started: nsenter itself stays outside the PID namespace, the program is its only child.
 * Undefined when it has ended, or with a kernel without CONFIG_PROC_CHILDREN.
 */
export function onlyChild(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    const child = Number(children.split(' ')[0])
    // The kernel writes 0 for a child that is just going, and a signal to 0 would end all of our own group.
    return Number.isInteger(child) && child > 1 ? child : undefined
  } catch {
    return undefined
  }
}
