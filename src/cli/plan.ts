import { Command, Option } from 'commander'
import { planFor, planScenario } from '../plan/plan-scenario.ts'
import { pasteable } from '../shell-words.ts'
import { loadScenario } from '../scenario/load.ts'
import { pathLabel } from '../topology/component.ts'
import { addBackendFlags, withMesh, type BackendFlags } from './backend-flags.ts'
import { createBackend } from './backends.ts'
import { print, printJson, type CliContext } from './context.ts'
import { durationMs, outputOption, resultsOption, type OutputFormat } from './options.ts'
import { planToResolve } from './plan-resolve.ts'
import { versionsPlan } from './versions-plan.ts'

interface PlanFlags extends BackendFlags {
  readonly output: OutputFormat
  readonly results: string
  readonly resolve?: number
}

/** `hopmeter plan`: what a run would do, without doing it. */
export function planVerb(context: CliContext): Command {
  const command = new Command('plan')
    .summary('print what a run would do, touching nothing')
    .description(
      'Prints the paths with their expected components, and the exact commands that stand the testbed up.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
  return addBackendFlags(command)
    .addOption(
      new Option(
        '--resolve <d>',
        'print the cheapest run that would find a difference of this size, e.g. 2us',
      ).argParser(durationMs),
    )
    .addOption(resultsOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter plan hop-ladder\n  hopmeter plan mixed -o json\n  hopmeter plan hop-ladder --backend kind --istio 1.30.3 --istio 1.31.0\n  hopmeter plan hop-ladder --resolve 2us',
    )
    .action(async (name: string, options: PlanFlags) => {
      const { scenario: loaded, hash } = await loadScenario(name)
      const scenario = withMesh(loaded, options.mesh)
      const { resolve, results } = options
      if (resolve !== undefined) {
        print(
          context,
          await planToResolve({ scenario: scenario.name, backend: options.backend, results }, resolve * 1e6),
        )
        return
      }
      const backend = await createBackend(options.backend, options)
      // Versions that are switched stand on one testbed, and take the same paths unless one is wrong.
      const isSwitched = backend.switchesVariants === true
      const plan = isSwitched ? planScenario(scenario) : planFor(scenario, backend)
      const versions = await versionsPlan(backend, scenario, scenario.rounds, results)
      const steps = await backend.steps(plan)
      const warnings = backend.warnings?.(plan) ?? []
      if (options.output === 'json') {
        const { workloads } = plan
        const paths = plan.paths.map(({ name: path, expect, rule }) => ({ name: path, expect, ...rule }))
        printJson(context, {
          ...{ scenario: scenario.name, hash, paths, workloads, warnings, steps },
          ...(versions === undefined ? {} : { versions, variants: backend.variants }),
        })
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
      const known =
        warnings.length === 0 ? [] : ['', 'Worth knowing:', ...warnings.map((text) => `  ${text}`)]
      const asked = versions === undefined ? [] : ['', versions]
      print(context, [`Paths of ${scenario.name}:`, ...paths, ...asked, ...known, ...commands].join('\n'))
    })
}
