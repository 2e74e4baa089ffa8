import { Command } from 'commander'
import { proofText } from '../report/render/text/proof.ts'
import { textTable } from '../report/render/text/table.ts'
import { enginesOf } from '../results/build-traits.ts'
import { listRuns } from '../results/store.ts'
import { printable } from '../terminal-text.ts'
import { print, printJson, say, type CliContext } from './context.ts'
import { runOpener } from './open-runs.ts'
import { outputOption, resultsOption, type OutputFormat } from './options.ts'

interface Flags {
  readonly output: OutputFormat
  readonly results: string
}

/** `hopmeter results [list|show]`: the runs that were kept. */
export function resultsVerb(context: CliContext): Command {
  const list = new Command('list')
    .summary('list the runs, newest first')
    .description('Lists the runs that were kept, newest first.')
    .addOption(resultsOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter results list\n  hopmeter results list -o json --results /var/tmp/runs',
    )
    .action(async (flags: Flags) => {
      const runs = await listRuns(flags.results)
      if (flags.output === 'json') {
        printJson(context, runs)
        return
      }
      const rows = runs.map((run) => [
        run.id,
        run.scenario ?? '-',
        run.engine ?? '-',
        run.status,
        run.rounds === undefined ? '-' : String(run.rounds),
      ])
      print(context, textTable(['RUN', 'SCENARIO', 'ENGINE', 'STATUS', 'ROUNDS'], rows, [4]))
      for (const { id, problem } of runs)
        if (problem !== undefined) say(context, printable(`warning: ${id} cannot be read: ${problem}`))
    })
  const show = new Command('show')
    .summary('show what is kept of a run')
    .description('Shows what is kept of a run: how it ended, its environment, and the proof of its paths.')
    .argument('<run>', 'run id, the start of one, "latest", or a folder')
    .addOption(resultsOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter results show latest\n  hopmeter results show 2026-11-23 -o json',
    )
    .action(async (run: string, flags: Flags) => {
      const { result, path } = await runOpener(context, flags.results)(run)
      if (flags.output === 'json') {
        printJson(context, result)
        return
      }
      const { environment, rounds } = result
      const facts: [string, string][] = [
        ['run', result.id],
        ['scenario', `${result.scenario.name} (${result.scenario.hash})`],
        ['status', result.reason === undefined ? result.status : `${result.status}: ${result.reason}`],
        ['started', result.startedAt],
        ['ended', result.endedAt],
        ['engine', enginesOf(result) ?? '-'],
        [
          'rounds',
          `${result.measured.length} of ${rounds.count * rounds.builds}, ${result.measured.filter((r) => r.flags.length > 0).length} flagged`,
        ],
        ['seed', String(result.seed)],
        [
          'host',
          `${environment.cores} × ${environment.cpuModel}, kernel ${environment.kernel}, node ${environment.node}`,
        ],
        ['hopmeter', result.hopmeterVersion],
        ['folder', path],
      ]
      const proofs = result.proofs.flatMap((proof) => proof.evidence)
      const table = textTable(['', ''], facts)
      print(
        context,
        `${table.slice(table.indexOf('\n') + 1)}\n${proofText({ evidence: proofs, unreachable: result.unreachable.map((u) => ({ type: 'unreachable', ...u })) })}`,
      )
    })
  return new Command('results')
    .summary('list and show the runs that were kept')
    .description('Lists the runs that were kept, or shows one of them.')
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter results\n  hopmeter results --results /var/tmp/runs\n  hopmeter results show latest',
    )
    .addCommand(list, { isDefault: true })
    .addCommand(show)
}
