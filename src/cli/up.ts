import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { Backend, Testbed } from '../backends/backend.ts'
import { planFor, planScenario } from '../plan/plan-scenario.ts'
import { backendEntry } from '../backends/registry.ts'
import { HopmeterError, InterruptedError } from '../errors.ts'
import { underHostLock } from '../results/host-lock.ts'
import { loadScenario } from '../scenario/load.ts'
import { addBackendFlags, withMesh, type BackendFlags } from './backend-flags.ts'
import { createBackend } from './backends.ts'
import { print, printJson, say, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'
import { createProgress } from './progress.ts'
import { standingText, summaryOf } from './standing-summary.ts'

/** Seldom, because whoever holds a testbed wants nothing of ours to run in it. */
const lookEveryMs = 5000

interface Flags extends BackendFlags {
  readonly output: OutputFormat
  readonly quiet?: boolean
}

/** `hopmeter up`: stand a testbed up and leave it, or hold it until Ctrl-C. */
export function upVerb(context: CliContext): Command {
  const command = new Command('up')
    .summary('stand the testbed of a scenario up: a lab until Ctrl-C, clusters until hopmeter down')
    .description(
      'Brings clusters, routes, mesh and workloads to the state that the scenario describes. Clusters are left standing: what is right already stays as it is, and later runs of the scenario use it. A lab is held until Ctrl-C, and nothing of it is left then. hopmeter exec runs any program in its pods.',
    )
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
  return addBackendFlags(command)
    .option('-q, --quiet', 'no progress')
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter up mixed                              a lab, until Ctrl-C\n  hopmeter exec mixed client-east-1-n1 -- curl http://10.96.3.10:8080/\n\n  hopmeter up same-network --backend kind --istio 1.31.0\n  hopmeter run same-network --backend kind --istio 1.31.0\n  hopmeter down same-network',
    )
    .action(async (name: string, { output, ...flags }: Flags) => {
      const entry = backendEntry(flags.backend)
      const { canKeep } = entry
      const { scenario: loaded } = await loadScenario(name)
      const backend = await createBackend(flags.backend, { ...flags, keep: true, held: true })
      const scenario = withMesh(loaded, flags.mesh)
      // What is switched is switched by a run; a testbed stands as it was installed.
      const plan = backend.switchesVariants === true ? planScenario(scenario) : planFor(scenario, backend)
      const progress = createProgress(context, { quiet: flags.quiet })
      const show = (testbed: Testbed) => {
        progress.stop()
        const summary = summaryOf(flags.backend, plan, testbed)
        if (output === 'json') printJson(context, summary)
        else print(context, standingText(summary, entry.standing !== undefined))
      }
      const work = async (signal: AbortSignal) => {
        const testbed = await standUp(backend, plan, progress, signal)
        if (canKeep) {
          await testbed.down() // kept: only our connections to it end
          show(testbed)
          return
        }
        try {
          show(testbed)
          if (!flags.quiet) say(context, 'Ctrl-C takes it down')
          await hold(testbed, signal)
        } finally {
          await testbed.down()
        }
      }
      try {
        await context.stoppable(work, canKeep ? undefined : 'taking the testbed down')
      } catch (error) {
        // Ctrl-C is how a lab is meant to end, so it is no error to tell of.
        if (canKeep || !(error instanceof InterruptedError)) throw error
        context.setExitCode(error.exitCode)
      } finally {
        progress.stop()
      }
    })
}

/** The machine is ours while it is stood up only: a testbed that stands idle disturbs nobody. */
function standUp(
  backend: Backend,
  plan: ReturnType<typeof planScenario>,
  progress: ReturnType<typeof createProgress>,
  signal: AbortSignal,
): Promise<Testbed> {
  const { name } = plan.scenario
  return underHostLock({ runId: `up-${name}`, scenario: name }, () =>
    backend.up(plan, {
      signal,
      progress: (message) => progress.step(message),
      note: (message) => progress.note('info', message),
    }),
  )
}

/** Waits until it is to end. @throws InterruptedError then; HopmeterError when a program of it ends before. */
async function hold(testbed: Testbed, signal: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
    const reason = await testbed.whatBroke?.()
    if (reason === undefined) continue
    throw new HopmeterError('the testbed broke while it stood', { cause: reason })
  }
}
