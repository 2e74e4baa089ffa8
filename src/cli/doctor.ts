import { Command } from 'commander'
import { backendEntry } from '../backends/registry.ts'
import { exitCodes } from '../errors.ts'
import { textTable } from '../report/render/text/table.ts'
import { listScenarios } from '../scenario/load.ts'
import { addBackendFlags, withMesh, type BackendFlags } from './backend-flags.ts'
import { backendOptions } from './backends.ts'
import { print, printJson, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'

/** `hopmeter doctor`: what this machine can do, and how to get what is missing. */
export function doctorVerb(context: CliContext): Command {
  const command = new Command('doctor')
    .summary('say what this machine can run, and how to get what is missing')
    .description(
      'Checks this machine for each backend and scenario, by trying, and says how to get what is missing.',
    )
  return addBackendFlags(command)
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter doctor\n  hopmeter doctor --backend kind --istio 1.31.0\n  hopmeter doctor -o json\n\nExits with 1 when the backend cannot run at all.',
    )
    .action(async ({ output, ...flags }: BackendFlags & { output: OutputFormat }) => {
      const scenarios = (await listScenarios()).map((file) => withMesh(file.scenario, flags.mesh))
      const report = await backendEntry(flags.backend).doctor(scenarios, backendOptions(flags))
      if (!report.ok) context.setExitCode(exitCodes.failure)
      if (output === 'json') {
        printJson(context, report)
        return
      }
      const checks = report.checks.map((c) => [c.ok ? 'ok' : 'missing', c.name, c.detail])
      const able = report.scenarios.map((s) => [s.ok ? 'ok' : 'no', s.name, s.reason ?? ''])
      const remedies = report.checks.filter((c) => !c.ok && c.remedy).map((c) => `  ${c.name}: ${c.remedy}`)
      const tables = [
        textTable(['', `BACKEND ${flags.backend.toUpperCase()}`, ''], checks),
        textTable(['', 'SCENARIO', ''], able),
      ]
      print(
        context,
        [...tables, ...(remedies.length === 0 ? [] : ['How to get what is missing:', ...remedies])].join(
          '\n',
        ),
      )
    })
}
