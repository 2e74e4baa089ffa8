// Are the statistics honest? Simulated campaigns whose truth is known, with the noise of a busy host: how often a
// difference is called where there is none, how often intervals hold the truth, what is seen of +10 µs.
// Run with `npm run bench:stats`, or `npm run bench:stats -- SEED` for other campaigns. Exits 1 when a promised bound is missed.
import { sampleCorrelation, standardDeviation } from 'simple-statistics'
import { compareBuilds } from '../src/stats/compare-builds.ts'
import { comparePairedNested } from '../src/stats/compare-nested.ts'
import { comparePaired } from '../src/stats/compare-paired.ts'
import type { Comparison } from '../src/stats/comparison.ts'
import { detectableRounds } from '../src/stats/planning.ts'
import { decideFamily } from '../src/stats/decide-family.ts'
import { seededRandom, type Random } from '../src/stats/seeded-random.ts'
import { summarizeRounds } from '../src/stats/summarize-rounds.ts'
import {
  autoregressive,
  heavyTails,
  hiddenDrift,
  nestedBuilds,
  noiseOfItsOwn,
  randomWalk,
  separateBuilds,
  shuffledBlocks,
  shuffledRequests,
  slowerNoiseOfItsOwn,
  slowSine,
  stepInMidRun,
  type Design,
} from '../src/stats/testing/campaigns.ts'
import { busyHost, gaussian, hostSeries } from '../src/stats/testing/noise.ts'

const campaigns = 2_000
const seed = Number(process.argv[2] ?? 1)
const shiftNs = 10_000
const mostFalse = 0.06
const leastCoverage = 0.93
const missed: string[] = []

/** What a line must hold. Intervals over rounds of few builds do not claim to include what a rebuild changes. */
type Promised = 'both' | 'false verdicts' | 'nothing'
type Compare = (random: Random, shiftNs: number) => Comparison

/** One line of a table: false verdicts of A/A campaigns, then coverage and power of as many with a true +10 µs. */
function examine(name: string, compare: Compare, promised: Promised = 'both'): string[] {
  const random = seededRandom(seed)
  const same = Array.from({ length: campaigns }, () => compare(random, 0))
  const shifted = Array.from({ length: campaigns }, () => compare(random, shiftNs))
  const wrong = share(same, isDifference)
  const covered = share(
    shifted,
    (c) => c.low !== null && c.high !== null && c.low <= shiftNs && shiftNs <= c.high,
  )
  const halfWidths = shifted.map((c) => ((c.high ?? NaN) - (c.low ?? NaN)) / 2).toSorted((x, y) => x - y)
  const widened = share(same, (c) => c.warnings.some((warning) => warning.code === 'autocorrelated'))
  if (promised !== 'nothing' && wrong > mostFalse) missed.push(`${name}: ${percent(wrong)} false verdicts`)
  if (promised === 'both' && covered < leastCoverage)
    missed.push(`${name}: intervals cover ${percent(covered)}`)
  const power = share(shifted, (c) => c.verdict === 'slower')
  const halfWidth = ((halfWidths[campaigns / 2] ?? NaN) / 1000).toFixed(1)
  return [name, percent(wrong), percent(covered), percent(power), halfWidth, percent(widened)]
}

function paired(label: string, design: Design, rounds: number, promised: Promised = 'both'): string[] {
  const compare: Compare = (random, shift) => {
    const { a, b } = design(random, rounds, shift)
    return comparePaired(a, b)
  }
  return examine(`${label}, ${rounds} rounds`, compare, promised)
}

const columns = ['', 'false', 'covered', '+10 µs seen', '± µs', 'widened']
console.log(`${campaigns} A/A campaigns and as many with +10 µs per line, seed ${seed}, alpha 0.05.`)
console.log(
  `Bounds: false verdicts at most ${percent(mostFalse)}, coverage at least ${percent(leastCoverage)}.\n`,
)

const host = hostSeries(seededRandom(seed), 200_000, busyHost)
console.log(
  `Simulated host: standard deviation ${(standardDeviation(host) / 1000).toFixed(0)} µs, ` +
    `lag-1 correlation ${sampleCorrelation(host.slice(1), host.slice(0, -1)).toFixed(2)}.\n`,
)

print('Two paths of one run', columns, [
  ...[6, 10, 20, 40].map((rounds) => paired('shuffled request by request', shuffledRequests, rounds)),
  ...[6, 10, 20, 40].map((rounds) => paired('shuffled half-second blocks', shuffledBlocks, rounds)),
])
print('The worst case: all slow noise belongs to one path, shuffling cannot help (* no promise)', columns, [
  paired('* noise of its own', noiseOfItsOwn, 10, 'nothing'),
  ...[20, 40, 60].map((rounds) => paired('noise of its own', noiseOfItsOwn, rounds)),
  paired('* the same, correlation 0.9', slowerNoiseOfItsOwn, 10, 'nothing'),
  ...[20, 40].map((rounds) => paired('the same, correlation 0.9', slowerNoiseOfItsOwn, rounds)),
  paired('* drift under fast noise', hiddenDrift, 10, 'nothing'),
  ...[20, 40].map((rounds) => paired('drift under fast noise', hiddenDrift, rounds)),
])
print(
  'A quiet host where one path has noise of its own; its fast part has a standard deviation of 10 µs (* no promise)',
  columns,
  [
    ...[12, 20, 40].map((rounds) => paired('independent', autoregressive(0), rounds)),
    ...[12, 20, 40].map((rounds) => paired('heavy tails (t, 2 df)', heavyTails, rounds)),
    ...[0.3, 0.5, 0.7].flatMap((correlation) =>
      [12, 20, 40].map((rounds) => paired(`correlation ${correlation}`, autoregressive(correlation), rounds)),
    ),
    paired('* correlation 0.9', autoregressive(0.9), 20, 'nothing'),
    paired('correlation 0.9', autoregressive(0.9), 40),
    ...[20, 40].map((rounds) => paired('sine, a period a run', slowSine(1), rounds)),
    ...[20, 40].map((rounds) => paired('* sine, half a period a run', slowSine(0.5), rounds, 'nothing')),
    ...[1, 3].flatMap((size) =>
      [20, 40].map((rounds) =>
        paired(`* step of ${10 * size} µs in mid-run`, stepInMidRun(size), rounds, 'nothing'),
      ),
    ),
    ...[0.1, 0.3, 1].flatMap((step) =>
      [20, 40].map((rounds) =>
        paired(`* random walk, ${10 * step} µs a round`, randomWalk(step), rounds, 'nothing'),
      ),
    ),
  ],
)
const nested = (builds: number): Compare => {
  return (random, shift) => {
    const { a, b } = nestedBuilds(random, builds, 20, shift)
    return comparePairedNested(a, b)
  }
}
print(
  'Two paths of one run with several builds, a rebuild moves the difference by 5 µs (+ interval of these builds only)',
  columns,
  [
    examine('+ 2 builds of 20 rounds', nested(2), 'false verdicts'),
    examine('+ 3 builds of 20 rounds', nested(3), 'false verdicts'),
    examine('6 builds of 20 rounds', nested(6)),
    examine('10 builds of 20 rounds', nested(10)),
  ],
)
const separate = (builds: number): Compare => {
  return (random, shift) =>
    compareBuilds(separateBuilds(random, builds, 20, 0), separateBuilds(random, builds, 20, shift))
}
print('Separate runs, a rebuild moves results by 5 µs', columns, [
  examine('5 builds against 5', separate(5)),
  examine('6 builds against 6', separate(6)),
  examine('8 builds against 8', separate(8)),
])
print(
  'One path by itself: interval of p50 on a drifting host',
  ['', 'covered'],
  [20, 40, 60].map(coverageOfSummary),
)
print('A table of 9 comparisons without any difference', ['', 'any false verdict'], families())
print('Differences of the size called detectable (about 80 %), normal noise', ['', 'seen'], detectables())
print(
  'Same, with delta = 10 µs, 20 rounds request by request',
  ['true difference', 'called same'],
  equivalence(),
)

if (missed.length > 0) {
  console.log(`MISSED\n${missed.map((line) => `  ${line}`).join('\n')}`)
  process.exitCode = 1
} else {
  console.log('All bounds hold.')
}

function coverageOfSummary(rounds: number): string[] {
  const random = seededRandom(seed)
  // The centre of the process: bursts only go up, so it lies above zero. Taken from one very long series.
  const centre = summarizeRounds(hostSeries(seededRandom(seed + 1), 20_000, busyHost)).estimate ?? NaN
  const estimates = Array.from({ length: campaigns }, () =>
    summarizeRounds(hostSeries(random, rounds, busyHost)),
  )
  const covered = share(estimates, (e) => (e.low ?? NaN) <= centre && centre <= (e.high ?? NaN))
  if (covered < leastCoverage) missed.push(`one path, ${rounds} rounds: intervals cover ${percent(covered)}`)
  return [`${rounds} rounds`, percent(covered)]
}

function families(): string[][] {
  const random = seededRandom(seed)
  const tables = Array.from({ length: campaigns }, () => {
    // Contrasts between neighbours of a ladder of 4 paths share a path, at three quantiles each.
    return Array.from({ length: 3 }, () => shuffledLadder(random, 4, 20)).flat()
  })
  const alone = share(tables, (table) => table.some(isDifference))
  const together = share(tables, (table) => decideFamily(table).some(isDifference))
  if (together > mostFalse) missed.push(`table of 9: ${percent(together)} hold a false verdict`)
  return [
    ['each judged alone', percent(alone)],
    ['judged together (Holm)', percent(together)],
  ]
}

function shuffledLadder(random: Random, paths: number, rounds: number): Comparison[] {
  const weather = hostSeries(random, rounds, busyHost)
  const rungs = Array.from({ length: paths }, () =>
    weather.map((common) => common + 3_000 * (random() - random())),
  )
  return rungs.slice(1).map((rung, below) => comparePaired(rungs[below] ?? [], rung))
}

function detectables(): string[][] {
  return [8, 10, 20, 40].map((rounds) => {
    const random = seededRandom(seed)
    const shift = detectableRounds(1_000, rounds, 0.05)
    const zeros = Array.from({ length: rounds }, () => 0)
    const calls = Array.from({ length: campaigns }, () =>
      comparePaired(
        zeros,
        zeros.map(() => shift + 1_000 * gaussian(random)),
      ),
    )
    const seen = share(calls, (c) => c.verdict === 'slower')
    if (seen < 0.78) missed.push(`${rounds} rounds see ${percent(seen)} of what they call detectable`)
    return [`${rounds} rounds, ${(shift / 1_000).toFixed(2)} standard deviations`, percent(seen)]
  })
}

function equivalence(): string[][] {
  return [0, 5_000, 10_000].map((truth) => {
    const random = seededRandom(seed)
    const calls = Array.from({ length: campaigns }, () => {
      const { a, b } = shuffledRequests(random, 20, truth)
      return comparePaired(a, b, { deltaNs: 10_000 })
    })
    const same = share(calls, (c) => c.verdict === 'same')
    if (truth === 10_000 && same > mostFalse)
      missed.push(`a difference of delta is called same in ${percent(same)}`)
    return [`${truth / 1000} µs`, percent(same)]
  })
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
