import { UsageError } from '../errors.ts'
import type { Metric } from '../load/metric.ts'
import { profileNames, profileOf, type ProfileName } from '../load/profiles.ts'

const allMetrics = profileNames.flatMap((name) => profileOf(name).metrics)

/** Names that `--metric` takes. `latency` is the whole time of any profile, whatever else it is called there. */
export const metricNames: readonly string[] = [...new Set(allMetrics.map(({ name }) => name))]

export function metricsOf(profile: ProfileName): readonly Metric[] {
  return profileOf(profile).metrics
}

/** Where rounds keep the metric of this name, e.g. `firstByte` of `first-byte`. */
export function seriesNamed(name: string): string {
  return allMetrics.find((metric) => metric.name === name)?.series ?? name
}

export function headlineOf(profile: ProfileName): Metric {
  return profileOf(profile).metrics[0]
}

/**
 * The metrics to show of a profile: those named, else its defaults.
 * @throws UsageError when a name is none of any profile.
 */
export function chosenMetrics(profile: ProfileName, names: readonly string[] = []): readonly Metric[] {
  const unknown = names.find((name) => !metricNames.includes(name))
  if (unknown !== undefined) {
    throw new UsageError(`there is no metric "${unknown}"`, { hint: `there are ${metricNames.join(', ')}` })
  }
  return profileOf(profile).metrics.filter((metric) => isChosen(metric, names))
}

/** Whether a metric is to be shown: one of those named, else a default. */
export function isChosen(
  metric: Pick<Metric, 'name' | 'series' | 'isDefault'>,
  names: readonly string[],
): boolean {
  if (names.length === 0) return metric.isDefault
  return names.includes(metric.name) || (metric.series === 'warm' && names.includes('latency'))
}

/** Latencies behind a metric in one round of a path; of first requests at least so many, those of warm-ups not all. */
export function countOf(
  metric: Pick<Metric, 'series'>,
  path: { readonly n: number; readonly received: number; readonly coldQuantilesNs?: unknown },
): number {
  if (metric.series === 'cold') {
    return Math.max(path.coldQuantilesNs === undefined ? 0 : 1, path.received - path.n)
  }
  return metric.series === 'response' ? path.received : path.n
}
