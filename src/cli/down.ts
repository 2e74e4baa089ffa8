import { Command } from 'commander'
import { takeDownSessions } from '../backends/registry.ts'
import { UsageError } from '../errors.ts'
import { underHostLock } from '../results/host-lock.ts'
import { print, type CliContext } from './context.ts'
import { createProgress } from './progress.ts'

interface Flags {
  readonly all?: boolean
  readonly orphans?: boolean
  readonly quiet?: boolean
}

/** `hopmeter down`: take testbeds down. */
export function downVerb(context: CliContext): Command {
  return new Command('down')
    .summary('take down testbeds that were left standing')
    .description(
      'Deletes clusters, containers and state of testbeds. Only what hopmeter’s state file and a marker inside of the thing itself both claim is deleted.',
    )
    .argument('[scenario...]', 'names of testbeds, which are those of their scenarios')
    .option('--all', 'every testbed of this user')
    .option('--orphans', 'testbeds that a killed hopmeter left behind')
    .option('-q, --quiet', 'no progress')
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter down same-network\n  hopmeter down --orphans\n  hopmeter down --all',
    )
    .action(async (names: readonly string[], flags: Flags) => {
      const wanted = [names.length > 0, flags.all, flags.orphans].filter(Boolean).length
      if (wanted !== 1) {
        throw new UsageError('say which testbeds: names, --all or --orphans', { hint: 'one of the three' })
      }
      const progress = createProgress(context, { quiet: flags.quiet })
      const which = flags.all ? 'all' : flags.orphans ? 'orphans' : names
      const work = (signal: AbortSignal) =>
        underHostLock({ runId: 'down', scenario: names.join(' ') || 'all' }, () =>
          takeDownSessions(which, { signal, progress: (m) => progress.step(m) }),
        )
      const gone = await context.stoppable(work).finally(() => progress.stop())
      print(context, gone.length === 0 ? 'nothing to take down' : `taken down: ${gone.join(', ')}`)
    })
}
