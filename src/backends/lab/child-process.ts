import { readFileSync } from 'node:fs'

/**
 * The program that `nsenter` started: nsenter itself stays outside the PID namespace, the program is its only child.
 * Undefined when it has ended, or with a kernel without CONFIG_PROC_CHILDREN.
 */
export function onlyChild(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? undefined : Number(children.split(' ')[0])
  } catch {
    return undefined
  }
}
