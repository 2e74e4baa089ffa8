import fc from 'fast-check'
import { expect, test } from 'vitest'
import { oneSampleLocation } from './location.ts'
import { roundLocation } from './round-location.ts'
import { seededRandom } from '../random.ts'
import { summarizeSeries } from './summarize-series.ts'
import { gaussian, hostSeries } from './testing/noise.ts'

const rounds = fc.array(fc.integer({ min: -9999, max: 9999 }), { minLength: 6, maxLength: 40 })

test('effective rounds are what the correlation shown leaves of them, and the interval is as much wider', () => {
  fc.assert(
    fc.property(rounds, (values) => {
      const found = roundLocation(values, 0.05)
      const plain = oneSampleLocation(values, 0.05)
      const { correlation, effectiveN } = found
      expect(correlation).toBeGreaterThanOrEqual(0)
      expect(correlation).toBeLessThanOrEqual(0.95)
      expect(effectiveN).toBeCloseTo((values.length * (1 - correlation)) / (1 + correlation), 9)
      expect(found.estimate).toBe(plain.estimate)
      const widening = Math.sqrt(values.length / effectiveN)
      expect(found.high! - found.low!).toBeCloseTo(widening * (plain.high! - plain.low!), 6)
      expect(found.low! > 0 || found.high! < 0).toBe(found.pValue <= 0.05)
    }),
  )
})

test('the sentence names the same correlation and the same number of rounds as the interval is made for', () => {
  const drifting = Array.from({ length: 20 }, (_, i) => 500_000 + 1_000 * i)
  const { correlation, effectiveN } = roundLocation(drifting, 0.05)
  const said = summarizeSeries([[drifting]]).warnings.find(({ code }) => code === 'autocorrelated')!.message
  expect(said).toContain(`lag-1 correlation about ${correlation.toFixed(2)}`)
  expect(said).toContain(`as much as ${Math.max(1, Math.round(effectiveN))} independent ones`)
})

test('a correlation of 0.42 never leaves one round of thirty', () => {
  const found = Array.from({ length: 50 }, (_, seed) => {
    const slow = { sdNs: 1, correlation: 0.42, burstChance: 0, burstSlots: 1, burstNs: 0 }
    return roundLocation(hostSeries(seededRandom(seed), 30, slow), 0.05).effectiveN
  }).toSorted((a, b) => a - b)
  expect(found[25]).toBeGreaterThan(3)
})

test('what drifts is wide, what is shuffled less so, and many independent rounds hardly at all', () => {
  const ramp = Array.from({ length: 20 }, (_, i) => i)
  const mixed = ramp.map((_, i) => ramp[(i * 7) % 20]!)
  expect(roundLocation(ramp, 0.05).effectiveN).toBeLessThan(2)
  expect(roundLocation(mixed, 0.05).effectiveN).toBeGreaterThan(5)
  const random = seededRandom(3)
  const independent = Array.from({ length: 2000 }, () => gaussian(random))
  expect(roundLocation(independent, 0.05).effectiveN).toBeGreaterThan(1700)
})
