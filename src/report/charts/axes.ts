import type { LatencyUnit } from './quantity.ts'
import { formatNumber } from './quantity.ts'
import type { Stage } from './stage.ts'
import { chartFont, space } from './stage.ts'

/** A vertical latency axis from zero to `maxNs`, with its unit in the title. */
export function latencyAxis(stage: Stage, title: string, unit: LatencyUnit, maxNs: number) {
  return {
    type: 'linear' as const,
    position: 'left' as const,
    min: 0,
    max: maxNs > 0 ? maxNs / unit.ns : 1,
    title: axisTitle(stage, `${title}, ${unit.symbol}`),
    ...axisLook(stage),
    ticks: {
      ...tickLook(stage),
      display: maxNs > 0,
      maxTicksLimit: 8,
      includeBounds: false,
      callback: (value: number | string) => formatTick(Number(value)),
    },
  }
}

/** An empty axis between two stacked panels. */
export function panelGap(stack: string, stackWeight: number) {
  const off = { display: false }
  return {
    type: 'linear' as const,
    position: 'left' as const,
    stack,
    stackWeight,
    min: 0,
    max: 1,
    grid: off,
    border: off,
    ticks: off,
  }
}

export function axisTitle(stage: Stage, text: string) {
  return {
    display: true,
    text,
    color: stage.theme.text,
    font: chartFont(stage, 14),
    padding: space(stage, 6),
  }
}

export function axisLook(stage: Stage) {
  return {
    grid: { color: stage.theme.grid, tickColor: stage.theme.grid },
    border: { color: stage.theme.axis },
  }
}

export function tickLook(stage: Stage) {
  return { color: stage.theme.muted, font: chartFont(stage, 13) }
}

/** An axis number without useless zeros. */
export function formatTick(value: number): string {
  const decimals = Number.isInteger(value) ? 0 : Math.min(3, String(value).split('.')[1]?.length ?? 0)
  return formatNumber(value, decimals)
}

/** A logarithmic latency axis, for values that span more than a decade. */
export function logLatencyAxis(
  stage: Stage,
  title: string,
  unit: LatencyUnit,
  lowestNs: number,
  highestNs: number,
) {
  return {
    type: 'logarithmic' as const,
    position: 'left' as const,
    min: (lowestNs * 0.9) / unit.ns,
    max: (highestNs * 1.1) / unit.ns,
    title: axisTitle(stage, `${title}, ${unit.symbol}, logarithmic`),
    ...axisLook(stage),
    afterBuildTicks: (scale: { min: number; max: number; ticks: { value: number }[] }) => {
      scale.ticks = logTicks(scale.min, scale.max).map((value) => ({ value }))
    },
    ticks: { ...tickLook(stage), callback: (value: number | string) => formatTick(Number(value)) },
  }
}

/** 1, 2 and 5 of every decade between `min` and `max`; only the decades when there are more than three. */
function logTicks(min: number, max: number): number[] {
  const first = Math.floor(Math.log10(min))
  const decades = Math.ceil(Math.log10(max)) - first
  const steps = decades > 3 ? [1] : [1, 2, 5]
  return Array.from({ length: decades + 1 }, (_, decade) =>
    steps.map((step) => step * 10 ** (first + decade)),
  )
    .flat()
    .filter((value) => value >= min && value <= max)
}
