import { Command } from 'commander'
import { exitCodes } from '../errors.ts'
import { verifyScenario } from '../measure/verify-scenario.ts'
import { proofMarkdown } from '../report/render/markdown/proof.ts'
import { proofText } from '../report/render/text/proof.ts'
import { loadScenario } from '../scenario/load.ts'
import { addBackendFlags, withMesh, type BackendFlags } from './backend-flags.ts'
import { createBackend } from './backends.ts'
import { print, printJson, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'
import { createProgress } from './progress.ts'

/** `hopmeter verify`: prove paths without measuring. */
export function verifyVerb(context: CliContext): Command {
  const command = new Command('verify')
    .summary('prove which components every path visits, without measuring')
    .description(
      'Stands the testbed up, sends a little load over every path and shows which components carried it.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
  return addBackendFlags(command)
    .option('--keep', 'kind: leave the clusters standing')
    .option('-q, --quiet', 'no progress')
    .addOption(outputOption(['text', 'json', 'markdown']))
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter verify mixed\n  hopmeter verify same-network-unrouted -o json\n\nExits with 4 when a path is not as expected.',
    )
    .action(async (name: string, flags: BackendFlags & { output: OutputFormat; quiet?: boolean }) => {
      const { scenario: loaded } = await loadScenario(name)
      const scenario = withMesh(loaded, flags.mesh)
      const progress = createProgress(context, { quiet: flags.quiet })
      const backend = await createBackend(flags.backend, flags)
      const work = (signal: AbortSignal) =>
        verifyScenario({
          scenario,
          backend,
          progress: (m) => progress.step(m),
          note: (m) => progress.note('info', m),
          signal,
        })
      const result = await context.stoppable(work).finally(() => progress.stop())
      if (flags.output === 'json') printJson(context, result)
      else print(context, flags.output === 'markdown' ? proofMarkdown(result) : proofText(result))
      if (!result.ok) context.setExitCode(exitCodes.pathMismatch)
    })
}
