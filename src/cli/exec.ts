import { Command, InvalidArgumentError, Option } from 'commander'
import type { Place } from '../backends/backend.ts'
import { standingTestbeds, type StandingTestbed } from '../backends/registry.ts'
import { HopmeterError, UsageError } from '../errors.ts'
import { attach } from '../process/attached.ts'
import { textTable } from '../report/render/text/table.ts'
import { hostLockHolder } from '../results/host-lock.ts'
import { loadScenario } from '../scenario/load.ts'
import { say, type CliContext } from './context.ts'

interface Flags {
  readonly backend?: string
  readonly holder?: number
  readonly cpus?: 'one' | 'all'
}

/** `hopmeter exec`: run a program of this machine where a pod of a standing testbed is. */
export function execVerb(context: CliContext): Command {
  return new Command('exec')
    .summary("run any program of this machine in a pod's network, in a testbed that stands")
    .description(
      'Runs a program of this machine inside of a pod of a testbed that hopmeter up holds or left standing, so that other tools see the very path that hopmeter measures. Input, output and the exit code are those of the program.',
    )
    .argument('<scenario>', 'name of a scenario whose testbed stands, or its YAML file')
    .argument('[pod]', 'pod, gateway, load balancer or node; without one they are listed')
    .argument('[command...]', 'the program and its arguments, after --')
    .addOption(
      new Option('--backend <name>', 'which, when testbeds of several stand').choices(['lab', 'kind']),
    )
    .addOption(
      new Option('--holder <pid>', 'which, when several labs of the scenario stand').argParser(processNumber),
    )
    .addOption(
      new Option('--cpus <cpus>', 'lab: let the program use all CPUs, or the one of the lab’s programs')
        .choices(['one', 'all'])
        .default('one'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter exec mixed client-east-1-n1 -- curl http://10.96.3.10:8080/\n  hopmeter exec mixed client-east-1-n1 -- wrk --threads 1 --connections 1 --latency http://10.96.3.10:8080/\n  hopmeter exec mixed node-east-1-n1 --cpus all -- tcpdump -ni any port 15008',
    )
    .action(async (name: string, pod: string | undefined, words: readonly string[], flags: Flags) => {
      const scenario = await nameOf(name)
      const testbed = chosen(scenario, await standingTestbeds(), flags)
      const signal = new AbortController().signal
      const place = placeNamed(pod, await testbed.places(signal))
      const [file, ...args] = words
      if (file === undefined) {
        throw new UsageError(`no program to run in ${place.name}`, {
          hint: `hopmeter exec ${name} ${place.name} -- COMMAND`,
        })
      }
      await warnOfRuns(context)
      const visitor = { file, args, cwd: process.cwd(), anyCpu: flags.cpus === 'all' }
      const command = await testbed.enter(place, visitor, signal)
      const program = attach(command.file, command.args, { PATH: searchPath() })
      const pass = (received: NodeJS.Signals) => {
        // The terminal sends it to the program as well.
        if (received === 'SIGINT' && process.stdin.isTTY) return
        const pid = program.pid === undefined ? undefined : command.programOf(program.pid)
        if (pid !== undefined) passOn(pid, received)
      }
      context.setExitCode(await context.underSignals(pass, () => program.exitCode))
    })
}

/** Also where Debian keeps what a plain user's PATH does not have: tcpdump, ip, ss. */
function searchPath(): string {
  return `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`
}

function passOn(pid: number, received: NodeJS.Signals): void {
  try {
    process.kill(pid, received)
  } catch {
    // It has ended meanwhile, or has become another user's: its end is ours either way.
  }
}

function processNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected the number of a process')
  return Number(text)
}

/** A file gives a name of its own. */
async function nameOf(text: string): Promise<string> {
  return /\/|\.ya?ml$/.test(text) ? (await loadScenario(text)).scenario.name : text
}

function chosen(
  scenario: string,
  all: readonly StandingTestbed[],
  { backend, holder }: Flags,
): StandingTestbed {
  const found = all.filter(
    (one) =>
      one.scenario === scenario &&
      (backend === undefined || one.backend === backend) &&
      (holder === undefined || one.holder === holder),
  )
  const [only] = found
  if (only && found.length === 1) return only
  if (only) {
    const which = found.map((one) =>
      one.holder === undefined ? `--backend ${one.backend}` : `--holder ${one.holder}`,
    )
    throw new UsageError(`${found.length} testbeds of ${scenario} stand`, {
      hint: `say which: ${which.join(' or ')}`,
    })
  }
  const others = [...new Set(all.map((one) => one.scenario))].toSorted()
  throw new HopmeterError(`no testbed of ${scenario} stands here`, {
    hint:
      others.length === 0
        ? `hopmeter up ${scenario}, in another terminal`
        : `hopmeter up ${scenario}, in another terminal; what stands: ${others.join(', ')}`,
  })
}

function placeNamed(name: string | undefined, places: readonly Place[]): Place {
  const found = places.find((place) => place.name === name)
  if (found) return found
  const rows = places.map((place) => [place.name, place.kind, place.address ?? ''])
  const list = textTable(['POD', 'WHAT', 'ADDRESS'], rows).trimEnd()
  const what = name === undefined ? 'no pod is named' : `there is no pod "${name}" in this testbed`
  throw new UsageError(`${what}; there are\n${list}`, { hint: 'hopmeter exec SCENARIO POD -- COMMAND' })
}

async function warnOfRuns(context: CliContext): Promise<void> {
  const holder = await hostLockHolder()
  if (holder === undefined) return
  say(
    context,
    `warning: ${holder.runId} is at work on this machine (process ${holder.pid}); what this program does disturbs what it measures`,
  )
}
