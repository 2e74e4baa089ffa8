import { expect, test } from 'vitest'
import { normalUpperQuantile, normalUpperTail } from './normal.ts'
import { studentQuantile } from './student-t.ts'

test.each([
  [-1, 0.8413447460685429],
  [0, 0.5],
  [1.959964, 0.024999999096442398],
  [3, 0.0013498980316300933],
  [6, 9.865876450376946e-10],
])('the normal tail above %d is that of scipy.stats.norm.sf', (z, tail) => {
  expect(normalUpperTail(z) / tail).toBeCloseTo(1, 6)
})

test.each([
  [0.05, 1.6449],
  [0.025, 1.96],
  [0.005, 2.5758],
])('the normal table has z for a tail of %d', (tail, z) => {
  expect(normalUpperQuantile(tail)).toBeCloseTo(z, 4)
  expect(normalUpperQuantile(1 - tail)).toBeCloseTo(-z, 4)
})

test('a tail outside 0 to 1 has no quantile', () => {
  expect(() => normalUpperQuantile(0)).toThrow(RangeError)
  expect(() => normalUpperQuantile(1.5)).toThrow(RangeError)
})

// Rows of scipy.stats.t.ppf(1 - p / 2, df) for p = 0.1, 0.05, 0.01; whole df are also in every printed table of t.
test.each([
  [1, 6.3138, 12.7062, 63.6567],
  [2, 2.92, 4.3027, 9.9248],
  [2.7, 2.4639, 3.3921, 6.5331],
  [3, 2.3534, 3.1824, 5.8409],
  [5, 2.015, 2.5706, 4.0321],
  [10, 1.8125, 2.2281, 3.1693],
  [19, 1.7291, 2.093, 2.8609],
  [39, 1.6849, 2.0227, 2.7079],
  [120, 1.6577, 1.9799, 2.6174],
])("Student's t with %d degrees of freedom agrees with the table to 0.1 %", (df, ten, five, one) => {
  expect(studentQuantile(0.1, df) / ten).toBeCloseTo(1, 3)
  expect(studentQuantile(0.05, df) / five).toBeCloseTo(1, 3)
  expect(studentQuantile(0.01, df) / one).toBeCloseTo(1, 3)
})

test('Student refuses degrees of freedom and probabilities that make no sense', () => {
  expect(() => studentQuantile(0.05, 0)).toThrow(RangeError)
  expect(() => studentQuantile(0.05, 1.5)).toThrow(RangeError)
  expect(() => studentQuantile(0, 5)).toThrow(RangeError)
})
