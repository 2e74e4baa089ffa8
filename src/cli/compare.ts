import { Command, InvalidArgumentError, Option } from 'commander'
import { exitCodes, HopmeterError, UsageError } from '../errors.ts'
import { comparisonMarkdown } from '../report/render/markdown/comparison.ts'
import { comparisonText } from '../report/render/text/comparison.ts'
import { comparableKeys, incomparable, unusable, type Incomparable } from '../results/comparable.ts'
import { comparePaths, compareVariants } from '../analysis/compare-paths.ts'
import { compareRuns, type RunComparison } from '../analysis/compare-runs.ts'
import type { CompareRunsOptions } from '../analysis/compared-series.ts'
import { failedText } from '../analysis/error-share.ts'
import { brokenShares, parseRule, regressions, type ErrorRule, type FailRule } from '../analysis/fail-on.ts'
import { asRun, meantBy, parseOperands, type Meant } from './compare-operands.ts'
import { print, printJson, say, terminalColumns, type CliContext } from './context.ts'
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
An operand is a run (id, start of one, "latest", or a folder), one path of a run as RUN#PATH, one of the variants that
stood side by side in it as RUN#VARIANT, or several runs or variants joined by commas. Two paths or two variants of one
run are compared restart by restart, paired by round. Of separate runs, the ratios to the path with the fewest components
are compared, for which each side needs five restarts or builds.

Examples:
  hopmeter compare latest#single latest#gateway
  hopmeter compare latest#base latest#pr --fail-on 'p50>2%'
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
  const sides = [await meantOf(baseline, open), await meantOf(contender, open)] as const
  for (const side of sides) refuseTwice(side)
  const [[a], [b]] = sides
  if (!a || !b) throw new UsageError('there is nothing to compare')
  const isOfOne = sides.every((side) => side.length === 1) && a.run.id === b.run.id
  if (isOfOne && 'variant' in a && 'variant' in b) {
    refuse(unusable(a.run))
    return compareVariants(a.run, a.variant, b.variant, options)
  }
  if (sides.flat().some((meant) => 'path' in meant)) {
    if (!isOfOne || !('path' in a) || !('path' in b)) {
      throw new UsageError('RUN#PATH compares two paths of one run', {
        hint: 'hopmeter compare latest#single latest#gateway',
      })
    }
    refuse(unusable(a.run))
    return comparePaths(a.run, a.path, b.path, options)
  }
  return compareSeparate({ baseline, contender }, sides, { flags, options })
}

async function meantOf(text: string, open: ReturnType<typeof runOpener>): Promise<readonly Meant[]> {
  const operands = parseOperands(text)
  return await Promise.all(operands.map(async (one) => meantBy(one, (await open(one.run)).result)))
}

/** A run that counts twice would make its side look surer than it is; variants of one run share its restarts. */
function refuseTwice(side: readonly Meant[]): void {
  const twice = side.find(({ run }, at) => side.findIndex((other) => other.run.id === run.id) !== at)
  if (twice) throw new UsageError(`${twice.run.id} is on one side twice`)
}

function compareSeparate(
  labels: { readonly baseline: string; readonly contender: string },
  [a, b]: readonly [readonly Meant[], readonly Meant[]],
  { flags, options }: { readonly flags: CompareFlags; readonly options: CompareRunsOptions },
): RunComparison {
  const shared = b.find(({ run }) => a.some((other) => other.run.id === run.id))
  if (shared) throw new UsageError(`${shared.run.id} is on both sides`)
  const [runsA, runsB] = [a.map(asRun), b.map(asRun)]
  const found = [...runsA, ...runsB].flatMap((run) => incomparable(runsA[0] ?? run, run))
  refuse(found.filter((item) => !(item.canAllow && flags.allow.includes(item.key))))
  const [takenA, takenB] = [a.map(({ run }) => run), b.map(({ run }) => run)]
  return compareRuns(
    { label: labels.baseline, runs: runsA, takenOutOf: takenA },
    { label: labels.contender, runs: runsB, takenOutOf: takenB },
    options,
  )
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
