export type ThemeName = 'light' | 'dark'

/** Colours of one theme, as `#rrggbb`. Text colours have at least 4.5:1 on the background (WCAG AA). */
export interface Theme {
  readonly name: ThemeName
  readonly background: string
  readonly text: string
  readonly muted: string
  readonly grid: string
  readonly axis: string
  readonly surface: string
  /** A bar as far as nothing in it needs a colour of its own. */
  readonly bar: string
  /** What a step or a difference is drawn in. */
  readonly accent: string
  readonly good: string
  readonly bad: string
  /** Eight colours that stay apart for every common colour blindness, the first six most of all. */
  readonly series: readonly string[]
}

export const themes: Readonly<Record<ThemeName, Theme>> = {
  light: {
    name: 'light',
    background: '#ffffff',
    text: '#1b1f24',
    muted: '#57606a',
    grid: '#e4e7eb',
    axis: '#8c959f',
    surface: '#f3f5f7',
    bar: '#8796a5',
    accent: '#b03a00',
    good: '#00664a',
    bad: '#b03a00',
    series: ['#0867b1', '#b14900', '#2ea486', '#690168', '#27211e', '#b38f03', '#5e1ea0', '#115e64'],
  },
  dark: {
    name: 'dark',
    background: '#14181d',
    text: '#e8ebef',
    muted: '#a3adb8',
    grid: '#2b323a',
    axis: '#6b7682',
    surface: '#1e242b',
    bar: '#647282',
    accent: '#ff9a5c',
    good: '#3fd0a4',
    bad: '#ff9a5c',
    series: ['#4b9efb', '#d86729', '#a6ffd0', '#f8b4fb', '#a4a3a3', '#d8a616', '#9865d3', '#448ca0'],
  },
}

/** Colour, dash and marker of the series at `index`: 24 different ones, told apart without colour too. */
export function seriesStyle(theme: Theme, index: number): SeriesStyle {
  const color = theme.series[index % theme.series.length] ?? theme.text
  const lap = Math.floor(index / theme.series.length)
  return {
    color,
    dash: [...(dashes[lap % dashes.length] ?? [])],
    marker: markers[index % markers.length] ?? 'circle',
  }
}

export interface SeriesStyle {
  readonly color: string
  readonly dash: number[]
  readonly marker: (typeof markers)[number]
}

const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3]]
const markers = ['circle', 'rect', 'triangle', 'rectRot', 'rectRounded'] as const

/** `color` with an opacity of `alpha`, 0 to 1, as `#rrggbbaa`. */
export function fade(color: string, alpha: number): string {
  const byte = Math.round(Math.min(1, Math.max(0, alpha)) * 255)
  return `${color}${byte.toString(16).padStart(2, '0')}`
}
