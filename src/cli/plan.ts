import { Command } from 'commander'
import { planScenario } from '../backends/plan.ts'
import { pasteable } from '../exec.ts'
import { loadScenario } from '../scenario/load.ts'
import { pathLabel } from '../topology/component.ts'
import { addBackendFlags, withMesh, type BackendFlags } from './backend-flags.ts'
import { createBackend } from './backends.ts'
import { print, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'

/** `hopmeter plan`: what a run would do, without doing it. */
export function planVerb(context: CliContext): Command {
  const command = new Command('plan')
    .summary('print what a run would do, touching nothing')
    .description(
      'Prints the paths with their expected components, and the exact commands that stand the testbed up.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
  return addBackendFlags(command)
    .addOption(outputOption())
    .addHelpText('after', '\nExamples:\n  hopmeter plan hop-ladder\n  hopmeter plan mixed -o json')
    .action(async (name: string, options: BackendFlags & { output: OutputFormat }) => {
      const { scenario: loaded, hash } = await loadScenario(name)
      const scenario = withMesh(loaded, options.mesh)
      const plan = planScenario(scenario)
      const backend = await createBackend(options.backend, options)
      const steps = await backend.steps(plan)
      if (options.output === 'json') {
        const { workloads } = plan
        const paths = plan.paths.map(({ name: path, expect, rule }) => ({ name: path, expect, ...rule }))
        print(context, JSON.stringify({ scenario: scenario.name, hash, paths, workloads, steps }, null, 2))
        return
      }
      const paths = plan.paths.map(({ name: path, rule }) =>
        rule.possible
          ? `  ${path}: ${rule.hops} components: ${pathLabel(rule.components)}`
          : `  ${path}: unreachable: ${rule.reason}`,
      )
      const commands = steps.flatMap((step) => [
        '',
        `# ${step.name}`,
        ...step.commands.map(({ file, args, input }) =>
          input === undefined
            ? pasteable(file, args)
            : `${pasteable(file, args)} <<'END'\n${input.trimEnd()}\nEND`,
        ),
      ])
      print(context, [`Paths of ${scenario.name}:`, ...paths, ...commands].join('\n'))
    })
}
