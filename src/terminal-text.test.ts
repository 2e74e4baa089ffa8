import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { printable, printableJson, printableLines } from './terminal-text.ts'

describe('printable', () => {
  test.each([
    ['a colour', 'a\u001b[31mred', String.raw`a\x1b[31mred`],
    ['a clipboard write (OSC 52)', '\u001b]52;c;cm0gLXJm\u0007', String.raw`\x1b]52;c;cm0gLXJm\x07`],
    ['an 8-bit CSI', '\u009b2J', String.raw`\x9b2J`],
    ['a line that overwrites itself', 'bad\rgood', String.raw`bad\rgood`],
    ['lines and tabs', 'a\nb\tc', String.raw`a\nb\tc`],
    ['text that runs backwards', 'abc\u202edcba', String.raw`abc\u{202e}dcba`],
    ['hidden letters', 'a\u200bb\u{e0041}', String.raw`a\u{200b}b\u{e0041}`],
    ['half a character', 'a\ud800b', String.raw`a\u{d800}b`],
    ['backspaces', 'ab\b\bcd', String.raw`ab\x08\x08cd`],
  ])('shows %s instead of obeying it', (_, hostile, shown) => {
    expect(printable(hostile)).toBe(shown)
  })

  test.each(['p50 = 402 µs ± 0.3 ≤ Δ', 'Zürich → 東京', 'emoji 🛰', ''])('leaves %j alone', (text) => {
    expect(printable(text)).toBe(text)
  })

  test('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cs}]/u)
      }),
    )
  })
})

test('printableLines keeps lines and tabs and nothing else', () => {
  expect(printableLines('a\r\nb\tc\u001b[2J\rd')).toBe('a\nb\tc' + String.raw`\x1b[2J\rd`)
})

test('printableJson gives every reader the same value, without a character that steers a terminal', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = printableJson(JSON.stringify(value, null, 2))
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\u{2028}\u{2029}]/u)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})
