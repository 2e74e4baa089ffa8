import { Command, Option } from 'commander'
import {
  cachedIstioctlState,
  defaultIstio,
  extractPrograms,
  installTools,
  istioVersions,
} from '../backends/registry.ts'
import { textTable } from '../report/render/text/table.ts'
import { pasteable } from '../shell-words.ts'
import { print, printJson, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'
import { createProgress } from './progress.ts'

/** `hopmeter tools`: programs that hopmeter can fetch itself, and which versions go together. */
export function toolsVerb(context: CliContext): Command {
  const command = new Command('tools')
    .summary('versions that go together, and programs of each')
    .description(
      'Lists which versions go together for Kubernetes testbeds, fetches istioctl of one of them, and copies ztunnel and Envoy out of its images.',
    )
  command.addCommand(listCommand(context), { isDefault: true })
  command.addCommand(installCommand(context))
  command.addCommand(extractCommand(context))
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

interface ExtractFlags {
  readonly istio: string
  readonly istioHub?: string
  readonly istioTag?: string
  readonly force?: boolean
  readonly output: OutputFormat
  readonly quiet?: boolean
}

function extractCommand(context: CliContext): Command {
  return new Command('extract')
    .summary("copy ztunnel and Envoy out of Istio's images, for the lab")
    .description(
      "Copies ztunnel and Envoy of a version out of Istio's public images into hopmeter's cache, with your Docker, and writes the digest of each image beside them. No container is run.",
    )
    .addOption(new Option('--istio <version>', 'Istio version').default(defaultIstio).env('HOPMETER_ISTIO'))
    .addOption(new Option('--istio-hub <hub>', "registry of Istio's images").env('HOPMETER_ISTIO_HUB'))
    .addOption(new Option('--istio-tag <tag>', "tag of Istio's images").env('HOPMETER_ISTIO_TAG'))
    .option('--force', 'copy again what is there')
    .option('-q, --quiet', 'no progress')
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter tools extract --istio 1.31.0\n  hopmeter tools extract --istio 1.31.0 --istio-hub registry.example/istio --istio-tag my-branch',
    )
    .action(async ({ output, quiet, force, ...choice }: ExtractFlags) => {
      const progress = createProgress(context, { quiet })
      const work = (signal: AbortSignal) =>
        extractPrograms(choice, { force, signal, progress: (message) => progress.step(message) })
      const programs = await context.stoppable(work).finally(() => progress.stop())
      if (output === 'json') {
        printJson(context, programs)
        return
      }
      const rows = programs.map((one) => [
        `${one.program} ${one.version}`,
        one.path,
        `${one.image}${one.digest === null ? '' : `@${one.digest}`}`,
      ])
      const flags = programs.map((one) => `--${one.program} ${pasteable(one.path, [])}`).join(' ')
      print(context, `${textTable(['PROGRAM', 'FILE', 'OUT OF'], rows)}\nhopmeter run hop-ladder ${flags}`)
    })
}
