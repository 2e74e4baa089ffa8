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
  /** What a step or a difference is drawn in. */
  readonly accent: string
  readonly good: string
  readonly bad: string
  /** Eight hues that stay apart for every common colour blindness (Okabe and Ito, shaded for contrast). */
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
    accent: '#b03a00',
    good: '#00664a',
    bad: '#b03a00',
    series: ['#0072b2', '#d55e00', '#009e73', '#a94f86', '#3494cb', '#b07d00', '#5b5f66', '#7a3fbf'],
  },
  dark: {
    name: 'dark',
    background: '#14181d',
    text: '#e8ebef',
    muted: '#a3adb8',
    grid: '#2b323a',
    axis: '#6b7682',
    surface: '#1e242b',
    accent: '#ff9a5c',
    good: '#3fd0a4',
    bad: '#ff9a5c',
    series: ['#4da9e8', '#ff8a45', '#2fc49a', '#e29ac4', '#93d2f7', '#f0c748', '#b9c0c8', '#b596ff'],
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
