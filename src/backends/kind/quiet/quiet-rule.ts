import { availableParallelism } from 'node:os'
import { plural } from '../../../plural.ts'

/** A control plane that has nothing to do takes 0.15 of a CPU: with four CPUs for each that is 4 % of the machine. */
const enoughCpusPerCluster = 4

/** `auto`, which is what nobody asked for: on where the machine has fewer than four CPUs per cluster. */
export type QuietChoice = 'on' | 'off' | 'auto'

/** Whether control planes stand still while rounds run. */
export function isQuiet(choice: QuietChoice, clusters: number, cpus = availableParallelism()): boolean {
  return choice === 'auto' ? cpus < enoughCpusPerCluster * clusters : choice === 'on'
}

/** The same in words, for the result. */
export function quietWords(choice: QuietChoice, clusters: number, cpus = availableParallelism()): string {
  const why = choice === 'auto' ? ` (${plural(cpus, 'CPU')}, ${plural(clusters, 'cluster')})` : ''
  return isQuiet(choice, clusters, cpus) ? `frozen while rounds run${why}` : `running${why}`
}
