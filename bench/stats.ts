/**
 * Is the statistics right? Simulated campaigns in worlds whose truth is known: how often a verdict is false, how often
 * an interval holds the truth, how often +10 µs is found, and whether promises are kept.
 * Run with: npm run bench stats [-- SEED]. Exits with 1 when a bound does not hold.
 */
import { comparePairs } from '../src/stats/compare-pairs.ts'
import { compareSides } from '../src/stats/compare-sides.ts'
import type { Comparison } from '../src/stats/comparison.ts'
import { decideFamily } from '../src/stats/decide-family.ts'
import { cheapestDesign, varianceComponents } from '../src/stats/design.ts'
import { holmAdjust } from '../src/stats/holm.ts'
import { marginNs } from '../src/stats/margin.ts'
import { mapNested, type Nested } from '../src/stats/nested.ts'
import type { Pair } from '../src/stats/compare-pairs.ts'
import { contrast, type Scale } from '../src/stats/scale.ts'
import { seededRandom, type Random } from '../src/random.ts'
import { summarizeSeries } from '../src/stats/summarize-series.ts'
import {
  baseNs,
  ladderRun,
  noDifference,
  oneStart,
  separateRuns,
  steadyHost,
  steppingHost,
  wanderingHost,
  worldOf,
  type World,
} from '../src/stats/testing/campaigns.ts'

const campaigns = 2000
const seed = Number(process.argv[2] ?? 1)
const shiftNs = 10_000
const mostFalse = 0.06
const leastCoverage = 0.93
const missed: string[] = []

type Promised = 'both' | 'nothing'
type Compare = (random: Random, shifted: boolean) => Comparison

/** One line of a table: false verdicts of A/A campaigns, then coverage and power of as many with a true difference. */
function examine(name: string, compare: Compare, promised: Promised = 'both'): string[] {
  const random = seededRandom(seed)
  const same = Array.from({ length: campaigns }, () => compare(random, false))
  const shifted = Array.from({ length: campaigns }, () => compare(random, true))
  const wrong = share(same, isDifference)
  const covered = share(same, ({ low, high }) => low !== null && high !== null && low <= 0 && high >= 0)
  if (promised === 'both' && wrong > mostFalse) missed.push(`${name}: ${percent(wrong)} false verdicts`)
  if (promised === 'both' && covered < leastCoverage)
    missed.push(`${name}: intervals cover ${percent(covered)}`)
  const halfWidths = shifted.map((c) => ((c.high ?? NaN) - (c.low ?? NaN)) / 2).toSorted((x, y) => x - y)
  const found = share(shifted, ({ verdict }) => verdict === 'slower')
  return [name, percent(wrong), percent(covered), percent(found), us(halfWidths[campaigns / 2] ?? NaN)]
}

function restarts(
  name: string,
  world: World,
  count: number,
  rounds: number,
  scale: Scale,
  truth: 'factor' | 'added',
) {
  const difference =
    truth === 'factor' ? { factor: 1 + shiftNs / baseNs, addedNs: 0 } : { factor: 1, addedNs: shiftNs }
  return examine(`${name}, ${count} × ${rounds}, ${scale}`, (random, shifted) =>
    comparePairs(world(random, count, rounds, shifted ? difference : noDifference), { scale }),
  )
}

const quiet = { restart: 0.005, round: 0.007 }
const worlds: Readonly<Record<string, World>> = {
  'multiplicative noise, steady host': worldOf({ host: steadyHost, ...quiet }),
  'the host steps in mid-run': worldOf({ host: steppingHost, ...quiet }),
  'the host wanders': worldOf({ host: wanderingHost, ...quiet }),
  'additive noise': worldOf({ host: steadyHost, restart: 0, round: 0, roundNs: 6_000 }),
  'mixed noise, wandering host': worldOf({ host: wanderingHost, ...quiet, roundNs: 3_000 }),
  'one round in ten disturbed': worldOf({ host: wanderingHost, ...quiet, disturbed: 0.1 }),
}
const columns = ['restarts × rounds', 'false', 'covered', '+10 µs found', '± µs']
console.log(
  `${campaigns} A/A campaigns and as many with +10 µs on ${baseNs / 1000} per line, seed ${seed}, alpha 0.05.`,
)
console.log(
  `Bounds: false verdicts at most ${percent(mostFalse)}, coverage at least ${percent(leastCoverage)}.\n`,
)

print('Two paths of one run: restarts are the observations, and what differs multiplies', columns, [
  ...Object.entries(worlds).flatMap(([name, world]) => [
    restarts(name, world, 12, 3, 'ratio', 'factor'),
    restarts(name, world, 12, 3, 'difference', 'factor'),
  ]),
  ...[
    [6, 5],
    [8, 5],
    [20, 3],
  ].map(([count = 0, rounds = 0]) =>
    restarts('the host wanders', worlds['the host wanders']!, count, rounds, 'ratio', 'factor'),
  ),
])
const delayed = worldOf({ host: steadyHost, restart: 0.002, round: 0.003 })
print('A fixed delay: what differs is added', columns, [
  restarts('a quiet host', delayed, 12, 3, 'difference', 'added'),
  restarts('the host wanders', worlds['the host wanders']!, 12, 3, 'difference', 'added'),
])
print(
  'One start: rounds are the observations, path B has noise of its own (* no promise: restart instead)',
  columns,
  [0, 0.3, 0.5, 0.7, 0.9].flatMap((correlation) =>
    [12, 20, 40].map((rounds) => {
      const isPromised = correlation <= 0.5
      const name = `${isPromised ? '' : '* '}correlation ${correlation}, 1 × ${rounds}`
      const compare: Compare = (random, shifted) =>
        comparePairs(oneStart(random, rounds, correlation, shifted ? shiftNs : 0))
      return examine(name, compare, isPromised ? 'both' : 'nothing')
    }),
  ),
)
const separate = (builds: number, each: number, buildShare: number): Compare => {
  return (random, shifted) =>
    compareSides(
      separateRuns(random, { builds, restarts: each, rounds: 3 }, 1.5, buildShare),
      separateRuns(random, { builds, restarts: each, rounds: 3 }, shifted ? 1.5 * 1.025 : 1.5, buildShare),
      { levelNs: 600_000 },
    )
}
print(
  'Separate runs: ratios to the reference path, +2.5 %',
  ['runs × restarts', ...columns.slice(1)],
  [
    examine('5 builds of 8 against 5, a rebuild moves by 1 %', separate(5, 8, 0.01)),
    examine('8 builds of 8 against 8, a rebuild moves by 1 %', separate(8, 8, 0.01)),
    examine('1 of 8 against 1, a rebuild changes nothing', separate(1, 8, 0)),
    examine('1 of 12 against 1, a rebuild changes nothing', separate(1, 12, 0)),
    examine('* 1 of 12 against 1, a rebuild moves by 1 %', separate(1, 12, 0.01), 'nothing'),
  ],
)
print(
  'The four steps of a ladder, judged together',
  ['restarts, true steps', 'any false, joint', 'Holm', 'all true found, joint', 'Holm'],
  [6, 7, 8, 12].flatMap((count) => families(count)),
)
print(
  'One path by itself: interval of p50 on a wandering host',
  ['restarts × rounds', 'covered'],
  [coverageOfLevel(8, 5), coverageOfLevel(12, 3)],
)
print(
  '"same" with a margin of 5 µs, 12 × 3, the host wanders',
  ['true difference', 'called same'],
  equivalence(),
)
print(
  'Promises: of the runs that cannot tell, each is repeated in the design that it says would (at least 80 %)',
  ['first run, true difference', 'could not tell', 'median promise', 'kept'],
  [
    promise('6 × 3', 6, 3, 0),
    promise('8 × 3', 8, 3, 0),
    promise('8 × 3', 8, 3, 8_000),
    promise('12 × 3', 12, 3, 0),
    promise('12 × 3', 12, 3, 7_000),
  ],
)

if (missed.length > 0) {
  console.log(`MISSED\n${missed.map((line) => `  ${line}`).join('\n')}`)
  process.exitCode = 1
} else {
  console.log('All bounds hold.')
}

function families(count: number): string[][] {
  const ladders: readonly (readonly [string, readonly number[]])[] = [
    ['none', [1, 1, 1, 1]],
    ['all but one', [3, 1, 1.5, 1.15]],
    ['all', [3, 1.05, 1.5, 1.15]],
  ]
  return ladders.map(([name, steps]) => {
    const random = seededRandom(seed)
    const seen = Array.from({ length: campaigns }, () => {
      const paths = ladderRun(random, steps, count, 3)
      const comparisons = steps.map((_, i) => comparePairs(zip(paths[i] ?? [], paths[i + 1] ?? [])))
      const holm = holmAdjust(comparisons.map(({ pValue }) => pValue ?? 1))
      const joint = decideFamily(comparisons).map(isDifference)
      return { joint, holm: holm.map((p) => p <= 0.05) }
    })
    const isTrue = steps.map((factor) => factor !== 1)
    const anyFalse = (found: readonly boolean[]) => found.some((is, i) => is && !isTrue[i])
    const allTrue = (found: readonly boolean[]) => isTrue.every((is, i) => !is || found[i])
    const falseShare = share(seen, ({ joint }) => anyFalse(joint))
    if (falseShare > mostFalse)
      missed.push(`${count} restarts, ${name}: ${percent(falseShare)} families are wrong`)
    const power = share(seen, ({ joint }) => allTrue(joint))
    if (name === 'all but one' && power < 0.9)
      missed.push(`${count} restarts find all true steps in ${percent(power)}`)
    const hasTrue = isTrue.some(Boolean)
    return [
      `${count}, ${name}`,
      percent(falseShare),
      percent(share(seen, ({ holm }) => anyFalse(holm))),
      hasTrue ? percent(power) : '-',
      hasTrue ? percent(share(seen, ({ holm }) => allTrue(holm))) : '-',
    ]
  })
}

function zip(a: Nested, b: Nested): Nested<Pair> {
  return a.map((build, i) =>
    build.map((rounds, r) => rounds.map((value, k): Pair => [value, b[i]?.[r]?.[k] ?? NaN])),
  )
}

function coverageOfLevel(count: number, rounds: number): string[] {
  const random = seededRandom(seed)
  const world = worlds['the host wanders']!
  const levels = (n: number, of: Random) => mapNested(world(of, n, rounds, noDifference), ([a]) => a)
  const truth = summarizeSeries(levels(4000, seededRandom(seed + 1))).estimate ?? NaN
  const covered = share(
    Array.from({ length: campaigns }, () => summarizeSeries(levels(count, random))),
    ({ low, high }) => (low ?? NaN) <= truth && truth <= (high ?? NaN),
  )
  if (covered < leastCoverage - 0.03)
    missed.push(`one path, ${count} × ${rounds}: covers ${percent(covered)}`)
  return [`${count} × ${rounds}`, percent(covered)]
}

function equivalence(): string[][] {
  return [0, 2_000, 5_000, 10_000].map((addedNs) => {
    const random = seededRandom(seed)
    const calls = Array.from({ length: campaigns }, () =>
      comparePairs(worlds['the host wanders']!(random, 12, 3, { factor: 1 + addedNs / baseNs, addedNs: 0 }), {
        deltaNs: 5_000,
      }),
    )
    const same = share(calls, ({ verdict }) => verdict === 'same')
    if (addedNs === 5_000 && same > mostFalse)
      missed.push(`a difference of the margin is "same" in ${percent(same)}`)
    return [`${us(addedNs)} µs`, percent(same)]
  })
}

function promise(name: string, count: number, rounds: number, addedNs: number): string[] {
  const random = seededRandom(seed)
  const world = worlds['the host wanders']!
  const truth = { factor: 1 + addedNs / baseNs, addedNs: 0 }
  const costs = { roundMs: 1000, restartMs: 3000, buildMs: 2000 }
  const compare = (pairs: Nested<Pair>) => comparePairs(pairs, { deltaNs: 5_000 })
  const promises: number[] = []
  let open = 0
  let kept = 0
  for (let i = 0; i < campaigns; i++) {
    const pairs = world(random, count, rounds, truth)
    const comparison = compare(pairs)
    if (comparison.verdict !== 'cannot tell') continue
    open++
    const size = Math.abs(comparison.difference ?? 0)
    const target = Math.max(size, (marginNs(comparison) ?? 0) - size)
    const components = varianceComponents(mapNested(pairs, ([a, b]) => contrast(a, b, 'ratio')))
    const design = cheapestDesign(components, costs, target / (comparison.levelNs ?? 1), 0.05)
    if (!design) continue
    promises.push(design.restarts)
    if (compare(world(random, design.restarts, design.rounds, truth)).verdict !== 'cannot tell') kept++
  }
  const keptShare = promises.length === 0 ? 1 : kept / promises.length
  if (keptShare < 0.8) missed.push(`${name}, ${us(addedNs)} µs: ${percent(keptShare)} of promises are kept`)
  const middle = promises.toSorted((a, b) => a - b)[Math.floor(promises.length / 2)] ?? 0
  return [`${name}, ${us(addedNs)} µs`, percent(open / campaigns), `${middle} restarts`, percent(keptShare)]
}

function isDifference({ verdict }: Comparison): boolean {
  return verdict === 'slower' || verdict === 'faster'
}

function share<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length / items.length
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}

function us(ns: number): string {
  return (ns / 1000).toFixed(1)
}

function print(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  console.log(title)
  for (const row of all) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    console.log(`  ${cells.join('  ')}`)
  }
  console.log('')
}
