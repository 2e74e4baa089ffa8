import { Command } from 'commander'
import { planScenario } from '../plan/plan-scenario.ts'
import { backendEntry } from '../backends/registry.ts'
import { UsageError } from '../errors.ts'
import { underHostLock } from '../results/host-lock.ts'
import { loadScenario } from '../scenario/load.ts'
import { addBackendFlags, withMesh, type BackendFlags } from './backend-flags.ts'
import { createBackend } from './backends.ts'
import { print, type CliContext } from './context.ts'
import { createProgress } from './progress.ts'

interface Flags extends BackendFlags {
  readonly quiet?: boolean
}

/** `hopmeter up`: stand a testbed up and leave it. */
export function upVerb(context: CliContext): Command {
  const command = new Command('up')
    .summary('stand the testbed of a scenario up and leave it standing')
    .description(
      'Brings clusters, routes, mesh and workloads to the state that the scenario describes, and leaves them. What is right already stays as it is. Later runs of the scenario use it.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
  return addBackendFlags(command)
    .option('-q, --quiet', 'no progress')
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter up same-network --backend kind --istio 1.31.0\n  hopmeter run same-network --backend kind --istio 1.31.0\n  hopmeter down same-network',
    )
    .action(async (name: string, flags: Flags) => {
      if (!backendEntry(flags.backend).canKeep) {
        throw new UsageError('a lab lives and dies with the command that made it', {
          hint: 'use hopmeter run or hopmeter verify, or --backend kind',
        })
      }
      const { scenario: loaded } = await loadScenario(name)
      const scenario = withMesh(loaded, flags.mesh)
      const progress = createProgress(context, { quiet: flags.quiet })
      const work = (signal: AbortSignal) =>
        underHostLock({ runId: `up-${scenario.name}`, scenario: scenario.name }, async () => {
          const backend = await createBackend(flags.backend, { ...flags, keep: true })
          const testbed = await backend.up(
            planScenario(
              scenario,
              backend.variants?.map(({ name: variant }) => variant),
            ),
            {
              signal,
              progress: (m) => progress.step(m),
              note: (m) => progress.note('info', m),
            },
          )
          await testbed.down() // kept: only our connections to it end
          return testbed
        })
      const { engine } = await context.stoppable(work).finally(() => progress.stop())
      print(context, `testbed ${scenario.name} stands: ${engine.name} ${engine.version}`)
    })
}
