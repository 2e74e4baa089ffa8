import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import { probeLoad, profileNames, type ProfileName } from '../load/profiles.ts'
import { exitCodes } from '../errors.ts'
import { probe, type ProbeResult } from '../measure/probe.ts'
import { probeText } from '../report/render/text/probe.ts'
import { failedText } from '../analysis/error-share.ts'
import { breaksShare, parseErrorRule, type ErrorRule } from '../analysis/fail-on.ts'
import { marginOf } from '../analysis/asked-margin.ts'
import { printable } from '../terminal-text.ts'
import { print, printJson, say, type CliContext } from './context.ts'
import {
  deltaOption,
  durationMs,
  outputOption,
  positiveInteger,
  seedNumber,
  type Delta,
  type OutputFormat,
} from './options.ts'
import { createLine } from './progress.ts'

interface ProbeFlags {
  readonly profile: ProfileName
  readonly protocol: 'http1' | 'http2'
  readonly connections: number
  readonly rate: number
  readonly rounds: number
  readonly duration: number
  readonly warmup: number
  readonly seed?: number
  readonly delta: Delta
  readonly timeout: number
  readonly busyPoll?: boolean
  readonly failOn: readonly ErrorRule[]
  readonly output: OutputFormat
  readonly quiet?: boolean
}

const help = `
The first endpoint is what the others are compared with. Requests go to all of them in turn, shuffled request by
request. The same URL twice is an A/A test. A name before a URL stands in the tables in its place.

While a response is under way the generator of pingpong polls instead of sleeping, where there are two CPUs or more:
being woken takes 10 to 60 µs, and longer after a longer wait, which reads a true +300 µs as +315.

Examples:
  hopmeter probe http://127.0.0.1:8080/ http://127.0.0.1:8081/
  hopmeter probe old=http://10.0.0.1/ new=http://10.0.0.2/
  hopmeter probe --profile connect http://10.0.0.1/ http://10.0.0.2/
  hopmeter probe --rounds 40 -o json http://127.0.0.1:8080/ http://127.0.0.1:8080/`

/** `hopmeter probe`: the instrument against any endpoints, without a testbed. */
export function probeVerb(context: CliContext): Command {
  return new Command('probe')
    .summary('measure any endpoints side by side, without a testbed')
    .description('Measures endpoints with the instrument of "run" and says whether they differ.')
    .argument('<url...>', '[NAME=]http://… of what answers a GET with a status from 200 to 299')
    .addOption(
      new Option('--profile <name>', 'how to send requests').choices(profileNames).default('pingpong'),
    )
    .addOption(
      new Option('--protocol <name>', 'of pingpong; http2 is with prior knowledge')
        .choices(['http1', 'http2'])
        .default('http1'),
    )
    .addOption(new Option('--connections <n>', 'of closed and open').argParser(positiveInteger).default(4))
    .addOption(new Option('--rate <n>', 'requests a second, of open').argParser(positiveInteger).default(200))
    .addOption(
      new Option('--rounds <n>', 'rounds').argParser(positiveInteger).default(20).env('HOPMETER_ROUNDS'),
    )
    .addOption(
      new Option('--duration <d>', 'length of a round')
        .argParser(durationMs)
        .default(1000, '1s')
        .env('HOPMETER_DURATION'),
    )
    .addOption(
      new Option('--warmup <d>', 'load thrown away first')
        .argParser(durationMs)
        .default(500, '500ms')
        .env('HOPMETER_WARMUP'),
    )
    .addOption(new Option('--seed <n>', 'seed of every shuffle').argParser(seedNumber).env('HOPMETER_SEED'))
    .addOption(deltaOption())
    .addOption(
      new Option('--timeout <d>', 'for connecting and for each response')
        .argParser(durationMs)
        .default(5000, '5s'),
    )
    .option('--busy-poll', 'poll for responses of pingpong, whatever the number of CPUs')
    .option('--no-busy-poll', 'sleep until they arrive, as in a run')
    .addOption(
      new Option('--fail-on <rule>', "exit with 3 when more requests fail, e.g. 'errors>1%' (repeatable)")
        .argParser((text: string, previous: readonly ErrorRule[]) => [...previous, parseErrorRule(text)])
        .default([], 'none'),
    )
    .option('-q, --quiet', 'no progress')
    .addOption(outputOption())
    .addHelpText('after', help)
    .action(async (endpoints: string[], flags: ProbeFlags) => {
      const line = createLine(context, flags.quiet)
      const work = (signal: AbortSignal) =>
        probe({
          endpoints,
          load: probeLoad(flags.profile, {
            ...flags,
            ratePerSecond: flags.rate,
            busyPoll: flags.busyPoll ?? availableParallelism() >= 2,
          }),
          rounds: flags.rounds,
          roundMs: flags.duration,
          warmupMs: flags.warmup,
          seed: flags.seed ?? randomInt(0x1_0000_0000),
          margin: marginOf(flags.delta),
          timeoutMs: flags.timeout,
          signal,
          onRound: (done, total) => line.update(`round ${done}/${total}`),
        })
      const result = await context.stoppable(work).finally(() => line.stop())
      if (flags.output === 'json') printJson(context, result)
      else print(context, probeText(result))
      conclude(context, result, flags.failOn)
    })
}

function conclude(context: CliContext, { endpoints }: ProbeResult, rules: readonly ErrorRule[]): void {
  for (const { name, requests, ...own } of endpoints) {
    const outcomes = { ...own, received: requests }
    if (!rules.some((rule) => breaksShare(name, outcomes, rule))) continue
    say(context, printable(`${name}: ${failedText(outcomes)}`))
    context.setExitCode(exitCodes.regression)
  }
}
