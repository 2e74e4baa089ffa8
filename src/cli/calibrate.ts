import { Command, Option } from 'commander'
import { exitCodes } from '../errors.ts'
import { calibrate } from '../measure/calibrate.ts'
import { saveCalibration } from '../measure/calibration-store.ts'
import { textTable } from '../report/render/text/table.ts'
import { underHostLock } from '../results/host-lock.ts'
import { print, printJson, say, type CliContext } from './context.ts'
import { outputOption, positiveInteger, type OutputFormat } from './options.ts'
import { createLine } from './progress.ts'

/** `hopmeter calibrate`: can this host be believed? */
export function calibrateVerb(context: CliContext): Command {
  return new Command('calibrate')
    .summary('check that this host reads known delays right')
    .description(
      'Measures servers with known delays on this host, and remembers the table for the runs that follow.',
    )
    .addOption(new Option('--rounds <n>', 'rounds of a second').argParser(positiveInteger).default(20))
    .option('-q, --quiet', 'no progress')
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter calibrate\n  hopmeter calibrate -o json\n\nExits with 1 when the host fails.',
    )
    .action(async (flags: { rounds: number; quiet?: boolean; output: OutputFormat }) => {
      const line = createLine(context, flags.quiet)
      const work = (signal: AbortSignal) =>
        underHostLock({ runId: 'calibrate', scenario: 'none' }, () =>
          calibrate({ signal, rounds: flags.rounds, progress: (m) => line.update(m) }),
        )
      const calibration = await context.stoppable(work).finally(() => line.stop())
      const file = await saveCalibration(calibration)
      if (flags.output === 'json') printJson(context, calibration)
      else {
        const us = (value: number | null) => (value === null ? '-' : value.toFixed(1))
        const rows = calibration.checks.map((c) => [
          c.passed ? 'ok' : 'FAILED',
          c.name,
          us(c.measuredUs),
          c.lowUs === null ? '-' : `[${us(c.lowUs)}, ${us(c.highUs)}]`,
          c.limit,
        ])
        print(context, textTable(['', 'CHECK', 'READ µs', '95% INTERVAL', 'PASSES'], rows, [2]))
      }
      say(context, `kept in ${file}`)
      if (!calibration.passed) {
        say(context, 'this host fails: do not publish numbers from it, and look for what else runs on it')
        context.setExitCode(exitCodes.failure)
      }
    })
}
