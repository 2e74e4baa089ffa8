import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bar, intervalLine, roomFor, sharedScale } from './bars.ts'

test('bars grow in eighths of a column', () => {
  expect([0, 1, 2, 4, 8, 16].map((value) => bar(value, 16, 2))).toEqual(['', '▏', '▎', '▌', '█', '██'])
})

test('an interval shows both ends, the estimate and zero', () => {
  expect(intervalLine({ low: 2, estimate: 5, high: 8 }, { min: 0, max: 10 }, 11)).toBe('│ ├──●──┤')
  expect(intervalLine({ low: -2, estimate: 0, high: 2 }, { min: -5, max: 5 }, 11)).toBe('   ├─●─┤')
})

test('whatever the numbers, a line keeps its width and one estimate', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 3, maxLength: 3 }),
      fc.integer({ min: 3, max: 80 }),
      (values, width) => {
        const [low, estimate, high] = values.toSorted((a, b) => a - b) as [number, number, number]
        const line = intervalLine({ low, estimate, high }, sharedScale([{ low, estimate, high }]), width)
        expect(line.length).toBeLessThanOrEqual(width)
        const drawn = high > low || estimate !== 0
        expect(line.split('●').length - 1).toBe(drawn ? 1 : 0)
      },
    ),
  )
})

test('without a terminal, or with a narrow one, there is no room for pictures', () => {
  expect([roomFor(undefined, 20), roomFor(80, 70), roomFor(120, 80), roomFor(300, 80)]).toEqual([
    0, 0, 38, 40,
  ])
})
