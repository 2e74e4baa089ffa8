import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['5s', 5000],
    ['300ms', 300],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['0s', 0],
    ['50us', 0.05],
    ['50µs', 0.05],
    ['50μs', 0.05],
    ['100ns', 0.0001],
    ['1h2m3s4ms5us6ns', 3_723_004.005006],
    ['1s1s', 2000],
    ['0.1s', 100],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    '',
    '5',
    '0',
    's',
    '-5s',
    '+5s',
    '5 s',
    ' 5s',
    '5S',
    '5sec',
    '1d',
    '1e3s',
    '.s',
    '5s\n',
    `${'9'.repeat(400)}h`,
  ])('%j is none', (text) => expect(parseDuration(text)).toBeUndefined())
})

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [0.0001, '100ns'],
    [0.05, '50µs'],
    [300, '300ms'],
    [0.25, '250µs'],
    [2.5, '2.5ms'],
    [1500, '1.5s'],
    [90_000, '1m30s'],
    [600_000, '10m0s'],
    [3_723_004, '1h2m3.004s'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('is read back as the same number of nanoseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400 * 1e9 }), (ns) => {
        const ms = ns / 1e6
        expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 6)
      }),
    )
  })
})
