import { openRun, type StoredRun } from '../results/store.ts'
import { printable } from '../terminal-text.ts'
import { say, type CliContext } from './context.ts'

/**
 * Opens runs for one verb, each once: `latest` stays the same run however often it is named. Says which newer runs
 * `latest` is not because they cannot be read.
 */
export function runOpener(context: CliContext, root: string): (reference: string) => Promise<StoredRun> {
  const opened = new Map<string, Promise<StoredRun>>()
  const open = async (reference: string): Promise<StoredRun> => {
    const run = await openRun(root, reference)
    for (const { id, problem } of run.skipped ?? []) {
      say(context, printable(`warning: ${id} cannot be read and is skipped: ${problem}`))
    }
    if (run.skipped) say(context, printable(`warning: latest is ${run.result.id}`))
    return run
  }
  return (reference) => {
    const run = opened.get(reference) ?? open(reference)
    opened.set(reference, run)
    return run
  }
}
