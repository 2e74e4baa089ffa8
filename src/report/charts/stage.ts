import type { ChartConfiguration } from 'chart.js'
import type { Theme } from './theme.ts'

/** What a chart must know of the surface it is drawn on. Charts are pure functions of a view model and a stage. */
export interface Stage {
  /** Points. */
  readonly width: number
  readonly height: number
  readonly theme: Theme
  readonly fontFamily: string
  /** True in a browser: tooltips, and a legend of buttons outside the canvas that toggle series. */
  readonly interactive: boolean
  /** Width of `text` in points, in a CSS font. */
  readonly measure: (text: string, font: string) => number
}

/** A chart, ready to be drawn on any stage. */
export type Drawing = (stage: Stage) => ChartConfiguration

/** Font size in points: `size` is meant for a picture 1200 wide and shrinks with it, but stays readable. */
export function fontSize(stage: Stage, size: number): number {
  return Math.max(11, Math.round(space(stage, size) * 2) / 2)
}

/** A distance that shrinks and grows with the picture, without a lower limit. */
export function space(stage: Stage, size: number): number {
  return size * Math.min(1.6, Math.max(0.5, stage.width / 1200))
}

export function cssFont(stage: Stage, size: number, weight: 'normal' | 'bold' = 'normal'): string {
  return `${weight} ${fontSize(stage, size)}px ${stage.fontFamily}`
}

/** Chart.js' form of {@link cssFont}. */
export function chartFont(stage: Stage, size: number, weight: 'normal' | 'bold' = 'normal') {
  return { family: stage.fontFamily, size: fontSize(stage, size), weight, lineHeight: 1.2 }
}

/**
 * Text of strangers made safe to draw: no control characters, nothing that reorders the text around it, one line.
 */
export function cleanText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** `text` cut to `maxWidth` points, with an ellipsis where something is missing. */
export function ellipsize(stage: Stage, text: string, font: string, maxWidth: number): string {
  if (stage.measure(text, font) <= maxWidth) return text
  const characters = Array.from(graphemes.segment(text), ({ segment }) => segment)
  let low = 0
  let high = characters.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (stage.measure(`${characters.slice(0, middle).join('')}…`, font) <= maxWidth) low = middle
    else high = middle - 1
  }
  return `${characters.slice(0, low).join('').trimEnd()}…`
}

/** `text` in at most `maxLines` lines of `maxWidth` points; breaks at spaces, in long words at `-`, `/`, `.`, `_`, in longer ones anywhere. */
export function wrapText(
  stage: Stage,
  text: string,
  font: string,
  maxWidth: number,
  maxLines: number,
): string[] {
  const lines: string[] = []
  let current = ''
  const fits = (candidate: string) => stage.measure(candidate.trimEnd(), font) <= maxWidth
  const endLine = () => {
    if (current !== '') lines.push(current.trimEnd())
    current = ''
  }
  const append = (piece: string) => {
    if (!fits(current + piece)) endLine()
    current += piece
  }
  // A word is taken apart only where it has no line to itself: dates and versions stay whole.
  for (const word of cleanText(text).match(/\S+\s*/gu) ?? []) {
    if (fits(word)) append(word)
    else {
      for (const part of words(word)) {
        if (fits(part)) append(part)
        else for (const { segment: character } of graphemes.segment(part)) append(character)
      }
    }
  }
  endLine()
  if (lines.length <= maxLines) return lines
  const last = ellipsize(stage, lines.slice(maxLines - 1).join(' '), font, maxWidth)
  return [...lines.slice(0, maxLines - 1), last]
}

/** True when no word of `text` must be broken to fit `maxWidth`. */
export function wordsFit(stage: Stage, text: string, font: string, maxWidth: number): boolean {
  return words(cleanText(text)).every((word) => stage.measure(word.trimEnd(), font) <= maxWidth)
}

/** The largest font up to `size` in which `text` is at most `maxWidth` wide, but never below 9 points. */
export function fittingFont(
  stage: Stage,
  text: string,
  size: number,
  weight: 'normal' | 'bold',
  maxWidth: number,
): string {
  const wanted = fontSize(stage, size)
  const width = stage.measure(text, cssFont(stage, size, weight))
  const points = width <= maxWidth ? wanted : Math.max(9, Math.floor(((wanted * maxWidth) / width) * 2) / 2)
  return `${weight} ${points}px ${stage.fontFamily}`
}

/** Unbreakable pieces, each with the space or the separator that follows it. */
function words(text: string): string[] {
  return text.replace(/\s+/g, ' ').match(/[^\s\-/._]+[\s\-/._]*|[\s\-/._]+/gu) ?? []
}
