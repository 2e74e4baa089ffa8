import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cheapestDesign, varianceComponents, type Costs } from './design.ts'
import type { Nested } from './nested.ts'
import { detectionZ } from './planning.ts'
import { seededRandom } from '../random.ts'
import { gaussian } from './testing/noise.ts'

/** Contrasts with known standard deviations of builds, restarts and rounds. */
function simulated(
  seed: number,
  counts: { readonly builds: number; readonly restarts: number; readonly rounds: number },
  sd: { readonly build: number; readonly restart: number; readonly round: number },
): Nested {
  const random = seededRandom(seed)
  const list = <T>(n: number, of: () => T): T[] => Array.from({ length: n }, of)
  return list(counts.builds, () => {
    const ofBuild = sd.build * gaussian(random)
    return list(counts.restarts, () => {
      const ofStart = sd.restart * gaussian(random)
      return list(counts.rounds, () => ofBuild + ofStart + sd.round * gaussian(random))
    })
  })
}
const sdOf = (variance: number | null) => Math.sqrt(variance ?? Number.NaN)

describe('variance components', () => {
  test('of a large simulation are those it was made with', () => {
    const found = varianceComponents(
      simulated(1, { builds: 60, restarts: 40, rounds: 20 }, { build: 4, restart: 2, round: 5 }),
    )
    expect(sdOf(found.round)).toBeGreaterThan(4.7)
    expect(sdOf(found.round)).toBeLessThan(5.3)
    expect(sdOf(found.restart)).toBeGreaterThan(1.6)
    expect(sdOf(found.restart)).toBeLessThan(2.4)
    expect(sdOf(found.build)).toBeGreaterThan(3)
    expect(sdOf(found.build)).toBeLessThan(5)
  })

  test('of runs of the default size are right in the middle: neither rounds nor restarts are made to look quiet', () => {
    const found = Array.from({ length: 400 }, (_, seed) =>
      varianceComponents(
        simulated(seed, { builds: 1, restarts: 8, rounds: 4 }, { build: 0, restart: 3, round: 3 }),
      ),
    )
    const middle = (of: (one: (typeof found)[number]) => number) =>
      found.map(of).toSorted((a, b) => a - b)[200]!
    expect(middle(({ round }) => sdOf(round))).toBeGreaterThan(2.7)
    expect(middle(({ round }) => sdOf(round))).toBeLessThan(3.3)
    expect(middle(({ restart }) => sdOf(restart))).toBeGreaterThan(2.1)
    expect(middle(({ restart }) => sdOf(restart))).toBeLessThan(3.9)
  })

  test('restarts that differ by no more than their rounds explain have none of their own, mostly', () => {
    const found = Array.from({ length: 200 }, (_, seed) =>
      varianceComponents(
        simulated(seed, { builds: 1, restarts: 12, rounds: 4 }, { build: 0, restart: 0, round: 3 }),
      ),
    )
    expect(found.filter(({ restart }) => sdOf(restart) < 1.5).length).toBeGreaterThan(150)
  })

  test('of what there is one of nothing is known', () => {
    expect(varianceComponents([[[1, 2, 3]]])).toMatchObject({ restart: null, build: null })
    expect(
      varianceComponents([
        [
          [1, 2],
          [3, 4],
        ],
      ]).build,
    ).toBeNull()
    expect(varianceComponents([])).toEqual({ round: 0, restart: null, build: null })
    expect(varianceComponents([[[5], [6], [9]]]).round).toBe(0)
  })

  test('are never negative and scale with the square of the unit', () => {
    const values = fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 5 }), {
      minLength: 2,
      maxLength: 8,
    })
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 3 }), (nested) => {
        const found = varianceComponents(nested)
        const scaled = varianceComponents(nested.map((b) => b.map((r) => r.map((value) => 10 * value))))
        for (const level of ['round', 'restart', 'build'] as const) {
          if (found[level] === null) expect(scaled[level]).toBeNull()
          else {
            expect(found[level]).toBeGreaterThanOrEqual(0)
            expect(scaled[level]).toBeCloseTo(100 * found[level], 4)
          }
        }
      }),
    )
  })
})

describe('the cheapest design', () => {
  const costs = fc.record({
    roundMs: fc.integer({ min: 100, max: 5000 }),
    restartMs: fc.integer({ min: 0, max: 60_000 }),
    buildMs: fc.integer({ min: 0, max: 60_000 }),
  })
  const variance = fc.double({ min: 0, max: 100, noNaN: true })
  const width = fc.double({ min: 1, max: 20, noNaN: true })
  const timeOf = ({ roundMs, restartMs, buildMs }: Costs, restarts: number, rounds: number) =>
    buildMs + restarts * (restartMs + rounds * roundMs)

  /** Standard errors as the documentation has them: medians of rounds, Hodges-Lehmann over restarts. */
  const isEnough = (round: number, restart: number, restarts: number, rounds: number, halfWidth: number) => {
    const ofOne = restart + ((Math.PI / 2) * round) / rounds
    return detectionZ(0.05) * Math.sqrt(((Math.PI / 3) * ofOne) / restarts) * (1 + 3 / restarts) <= halfWidth
  }

  test('is the cheapest of all that do, found by trying every one', () => {
    fc.assert(
      fc.property(variance, variance, costs, width, (round, restart, cost, halfWidth) => {
        const found = cheapestDesign({ round, restart, build: null }, cost, halfWidth, 0.05)
        let best = Number.POSITIVE_INFINITY
        for (let rounds = 2; rounds <= 12; rounds++) {
          for (let restarts = 6; restarts <= 1000; restarts++) {
            if (!isEnough(round, restart, restarts, rounds, halfWidth)) continue
            best = Math.min(best, timeOf(cost, restarts, rounds))
            break
          }
        }
        expect(found?.totalMs ?? Number.POSITIVE_INFINITY).toBe(best)
        if (found) {
          expect(timeOf(cost, found.restarts, found.rounds)).toBe(found.totalMs)
          expect(isEnough(round, restart, found.restarts, found.rounds, halfWidth)).toBe(true)
        }
      }),
    )
  })

  test('more noise, a narrower interval or a stricter alpha never give a cheaper one', () => {
    fc.assert(
      fc.property(
        variance,
        variance,
        costs,
        width,
        fc.double({ min: 1, max: 3, noNaN: true }),
        (round, restart, cost, halfWidth, more) => {
          const time = (components: { round: number; restart: number }, of: number, alpha: number) =>
            cheapestDesign({ ...components, build: null }, cost, of, alpha)?.totalMs ??
            Number.POSITIVE_INFINITY
          const plain = time({ round, restart }, halfWidth, 0.05)
          expect(time({ round: round * more, restart }, halfWidth, 0.05)).toBeGreaterThanOrEqual(plain)
          expect(time({ round, restart: restart * more }, halfWidth, 0.05)).toBeGreaterThanOrEqual(plain)
          expect(time({ round, restart }, halfWidth / more, 0.05)).toBeGreaterThanOrEqual(plain)
          expect(time({ round, restart }, halfWidth, 0.01)).toBeGreaterThanOrEqual(plain)
        },
      ),
    )
  })

  test('dear restarts are filled with rounds, cheap ones are not', () => {
    const rounds = (restartMs: number) =>
      cheapestDesign(
        { round: 25, restart: 4, build: null },
        { roundMs: 1000, restartMs, buildMs: 0 },
        2,
        0.05,
      )!.rounds
    expect(rounds(60_000)).toBeGreaterThan(rounds(100))
  })

  test('without noise it is the fewest that a verdict takes; with too much there is none', () => {
    const cost = { roundMs: 1000, restartMs: 3000, buildMs: 500 }
    expect(cheapestDesign({ round: 0, restart: 0, build: null }, cost, 1, 0.05)).toEqual({
      restarts: 6,
      rounds: 2,
      totalMs: 500 + 6 * 5000,
    })
    expect(cheapestDesign({ round: 1e6, restart: 1e6, build: null }, cost, 1, 0.05)).toBeUndefined()
    expect(cheapestDesign({ round: 1, restart: 1, build: null }, cost, 0, 0.05)).toBeUndefined()
  })
})
