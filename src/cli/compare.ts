import { Command, InvalidArgumentError, Option } from 'commander'
import { exitCodes, HopmeterError, UsageError } from '../errors.ts'
import { comparisonMarkdown } from '../report/render/markdown/comparison.ts'
import { comparisonText } from '../report/render/text/comparison.ts'
import { comparableKeys, incomparable, unusable, type Incomparable } from '../results/comparable.ts'
import type { RunResult } from '../results/schema.ts'
import { compareRuns, compareVariants, type RunComparison } from '../analysis/compare-runs.ts'
import { failedText } from '../analysis/error-share.ts'
import { brokenShares, parseRule, regressions, type ErrorRule, type FailRule } from '../analysis/fail-on.ts'
import { print, printJson, say, terminalColumns, type CliContext } from './context.ts'
import { isEmpty } from './empty-values.ts'
import { runOpener } from './open-runs.ts'
import {
  deltaOption,
  metricOption,
  outputOption,
  resultsOption,
  type Delta,
  type OutputFormat,
} from './options.ts'

interface CompareFlags {
  readonly results: string
  readonly output: OutputFormat
  readonly allow: readonly string[]
  readonly failOn: readonly (FailRule | ErrorRule)[]
  readonly delta: Delta
  readonly valid?: boolean
  readonly strict?: boolean
  readonly metric: readonly string[]
}

const help = `
An operand is a run (id, start of one, "latest", or a folder), several runs of one variant joined by commas, or one
path of a run as RUN#PATH. Two paths of one run are compared restart by restart, paired by round. Of separate runs, the
ratios to the path with the fewest components are compared, for which each side needs five restarts or builds.

Examples:
  hopmeter compare latest#single latest#gateway
  hopmeter compare 2026-11-20,2026-11-21 2026-11-22,2026-11-23
  hopmeter compare main branch --results runs --fail-on 'p50>5%' -o markdown`

/** `hopmeter compare`: do variants differ, and by how much. */
export function compareVerb(context: CliContext): Command {
  return new Command('compare')
    .summary('say with statistics whether runs or paths differ')
    .description(
      'Compares contenders with a baseline: both values, the difference with its interval, and a verdict.',
    )
    .argument('<baseline>', 'what to compare with')
    .argument('<contender...>', 'what to compare')
    .addOption(
      new Option('--allow <keys>', `compare although these differ: ${comparableKeys.join(', ')}`)
        .argParser(allowedKeys)
        .default([]),
    )
    .addOption(
      new Option(
        '--fail-on <rule>',
        "exit with 3 when a path got slower by more, e.g. 'p50>5%', or fails more often, e.g. 'errors>1%' (repeatable)",
      )
        .argParser((text: string, previous: CompareFlags['failOn']) => [...previous, parseRule(text)])
        .default([], 'none'),
    )
    .addOption(deltaOption())
    .option('--valid', 'count only rounds without flags')
    .option('--strict', 'exit with 5 when a verdict is "cannot tell"')
    .addOption(metricOption())
    .addOption(resultsOption())
    .addOption(outputOption(['text', 'json', 'markdown']))
    .addHelpText('after', help)
    .action(async (baseline: string, contenders: string[], flags: CompareFlags) => {
      const comparisons: RunComparison[] = []
      const open = runOpener(context, flags.results)
      for (const contender of contenders) comparisons.push(await compareOne(baseline, contender, flags, open))
      if (flags.output === 'json') printJson(context, comparisons)
      else
        print(
          context,
          comparisons
            .map((c) =>
              flags.output === 'markdown'
                ? comparisonMarkdown(c)
                : comparisonText(c, terminalColumns(context)),
            )
            .join('\n'),
        )
      conclude(context, comparisons, flags)
    })
}

async function compareOne(
  baseline: string,
  contender: string,
  flags: CompareFlags,
  open: ReturnType<typeof runOpener>,
): Promise<RunComparison> {
  const ofRules = flags.failOn.flatMap((rule) => ('metric' in rule && rule.metric) || [])
  const options = {
    // A rule about what is not shown would never hold.
    metrics: flags.metric.length === 0 ? [] : [...flags.metric, ...ofRules],
    ...flags.delta,
    ...(flags.valid === undefined ? {} : { validOnly: flags.valid }),
  }
  const [a, b] = [operand(baseline), operand(contender)]
  if (a.path !== undefined || b.path !== undefined) {
    const { result } = await open(a.runs[0]!)
    const other = await open(b.runs[0]!)
    if (a.path === undefined || b.path === undefined || other.result.id !== result.id) {
      throw new UsageError('RUN#PATH compares two paths of one run', {
        hint: 'hopmeter compare latest#single latest#gateway',
      })
    }
    for (const path of [a.path, b.path]) requirePath(result, path)
    refuse(unusable(result))
    return compareVariants(result, a.path, b.path, options)
  }
  const openAll = async (references: readonly string[]) =>
    Promise.all(references.map(async (reference) => (await open(reference)).result))
  const [runsA, runsB] = [await openAll(a.runs), await openAll(b.runs)]
  const [first] = runsA
  if (!first) throw new UsageError('there is no baseline')
  const both = new Set(runsA.map((run) => run.id))
  const shared = runsB.filter((run) => both.has(run.id))
  if (shared.length > 0) throw new UsageError(`${shared[0]?.id} is on both sides`)
  const found = [...runsA, ...runsB].flatMap((run) => incomparable(first, run))
  refuse(found.filter((item) => !(item.canAllow && flags.allow.includes(item.key))))
  return compareRuns({ label: baseline, runs: runsA }, { label: contender, runs: runsB }, options)
}

function conclude(context: CliContext, comparisons: readonly RunComparison[], flags: CompareFlags): void {
  const rows = comparisons.flatMap((comparison) => comparison.rows)
  const errors = comparisons.flatMap((comparison) => comparison.errors)
  const broken = flags.failOn.flatMap((rule) => ('errorsPercent' in rule ? [] : regressions(rows, rule)))
  const failing = flags.failOn.flatMap((rule) => ('errorsPercent' in rule ? brokenShares(errors, rule) : []))
  for (const row of broken) say(context, `regression: ${row.path} ${row.load} ${row.metric} ${row.quantile}`)
  for (const { path, load, contender } of failing)
    say(context, `regression: ${path} ${load} errors: ${failedText(contender)}`)
  if (broken.length + failing.length > 0) context.setExitCode(exitCodes.regression)
  else if (flags.strict && rows.some((row) => row.comparison.verdict === 'cannot tell')) {
    context.setExitCode(exitCodes.inconclusive)
  }
}

function operand(text: string): { readonly runs: readonly string[]; readonly path?: string } {
  const at = text.lastIndexOf('#')
  if (at > 0) return { runs: [text.slice(0, at)], path: text.slice(at + 1) }
  const runs = text.split(',')
  if (runs.every(isEmpty)) throw new UsageError(`"${text}" names no run`)
  if (runs.some(isEmpty)) throw new UsageError(`"${text}" names a run that is empty`)
  return { runs }
}

function requirePath(run: RunResult, path: string): void {
  const names = run.paths.map((p) => p.name)
  if (!names.includes(path))
    throw new UsageError(`${run.id} has no path "${path}"; it has ${names.join(', ')}`)
}

function refuse(found: readonly Incomparable[]): void {
  const messages = [...new Set(found.map((item) => item.message))]
  if (messages.length === 0) return
  const allowable = [...new Set(found.filter((item) => item.canAllow).map((item) => item.key))]
  const message = `these runs are not comparable:\n${messages.map((m) => `  - ${m}`).join('\n')}`
  const options = found.every((item) => item.canAllow)
    ? { hint: `--allow ${allowable.join(',')} compares nevertheless` }
    : {}
  throw new HopmeterError(message, options)
}

function allowedKeys(text: string, previous: readonly string[]): readonly string[] {
  const keys = text.split(',').map((key) => key.trim())
  const unknown = keys.find((key) => !(comparableKeys as readonly string[]).includes(key))
  if (unknown !== undefined)
    throw new InvalidArgumentError(`"${unknown}" is none of ${comparableKeys.join(', ')}`)
  return [...previous, ...keys]
}
