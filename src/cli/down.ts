import { Command } from 'commander'
import { takeDownSessions } from '../backends/registry.ts'
import { HopmeterError, UsageError } from '../errors.ts'
import { plural } from '../plural.ts'
import { endOrphans, type Orphan } from '../process/owner.ts'
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
      'Deletes clusters, containers and state of testbeds. Only what hopmeter’s state file and a marker inside of the thing itself both claim is deleted. Processes are ended when they say of themselves that they belong to a hopmeter that is gone, also when they are stopped.',
    )
    .argument('[scenario...]', 'names of testbeds, which are those of their scenarios')
    .option('--all', 'every testbed of this user, and what --orphans does')
    .option('--orphans', 'testbeds and processes that a killed hopmeter left behind')
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
        underHostLock({ runId: 'down', scenario: names.join(' ') || 'all' }, async () => {
          // Before testbeds: what is left running may still work on one.
          const processes = typeof which === 'string' ? await endOrphans(signal) : noProcesses
          if (processes.ended.length > 0) print(context, endedText(processes.ended))
          const gone = await takeDownSessions(which, { signal, progress: (m) => progress.step(m) })
          return { gone, processes }
        })
      const { gone, processes } = await context.stoppable(work).finally(() => progress.stop())
      if (gone.length > 0) print(context, `taken down: ${gone.join(', ')}`)
      else if (processes.ended.length === 0) print(context, 'nothing to take down')
      if (processes.left.length > 0) throw notEnded(processes.left)
    })
}

const noProcesses: Awaited<ReturnType<typeof endOrphans>> = { ended: [], left: [] }

function endedText(ended: readonly Orphan[]): string {
  const lines = ended.map(({ pid, command }) => `  ${pid} ${command}`)
  return [`ended ${plural(ended.length, 'process', 'processes')} of a hopmeter that is gone:`, ...lines].join(
    '\n',
  )
}

function notEnded(left: readonly Orphan[]): HopmeterError {
  const pids = left.map(({ pid }) => pid).join(' ')
  const message = `${plural(left.length, 'process', 'processes')} of a hopmeter that is gone did not end: ${pids}`
  return new HopmeterError(message, { hint: `as root or as the user that started them: kill -KILL ${pids}` })
}
