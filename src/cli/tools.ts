import { Command, Option } from 'commander'
import { cachedIstioctlState, defaultIstio, installTools, istioVersions } from '../backends/registry.ts'
import { textTable } from '../report/render/text/table.ts'
import { print, printJson, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'
import { createProgress } from './progress.ts'

/** `hopmeter tools`: programs that hopmeter can fetch itself, and which versions go together. */
export function toolsVerb(context: CliContext): Command {
  const command = new Command('tools')
    .summary('versions that go together, and istioctl of each')
    .description(
      'Lists which versions go together for Kubernetes testbeds, and fetches istioctl of one of them.',
    )
  command.addCommand(listCommand(context), { isDefault: true })
  command.addCommand(installCommand(context))
  return command
}

function listCommand(context: CliContext): Command {
  return new Command('list')
    .summary('versions that hopmeter knows to go together')
    .addOption(outputOption())
    .addHelpText('after', '\nExamples:\n  hopmeter tools list')
    .action(async ({ output }: { output: OutputFormat }) => {
      if (output === 'json') {
        printJson(context, istioVersions)
        return
      }
      const rows = await Promise.all(
        istioVersions.map(async (version) => [
          version.release,
          `1.${version.kubernetes[0]} to 1.${version.kubernetes[1]}`,
          version.gatewayApi,
          version.nodeImage.image.split('@')[0] ?? '',
          await cachedIstioctlState(version.release),
        ]),
      )
      print(
        context,
        textTable(['ISTIO', 'KUBERNETES', 'GATEWAY API', 'NODE IMAGE', 'ISTIOCTL IN CACHE'], rows),
      )
    })
}

function installCommand(context: CliContext): Command {
  return new Command('install')
    .summary('fetch istioctl of a version, and the CRDs that go with it')
    .addOption(new Option('--istio <version>', 'Istio version').default(defaultIstio).env('HOPMETER_ISTIO'))
    .option('--force', 'download again what is there')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', '\nExamples:\n  hopmeter tools install --istio 1.31.0')
    .action(async (flags: { istio: string; force?: boolean; quiet?: boolean }) => {
      const progress = createProgress(context, { quiet: flags.quiet })
      try {
        const installed = await context.stoppable((signal) =>
          installTools(flags.istio, {
            force: flags.force,
            signal,
            progress: (message) => progress.step(message),
          }),
        )
        print(context, `istioctl ${installed.istio}: ${installed.istioctl}`)
      } finally {
        progress.stop()
      }
    })
}
