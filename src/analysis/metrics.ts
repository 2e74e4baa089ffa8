import { UsageError } from '../errors.ts'
import type { RunResult } from '../results/schema.ts'

/** A time that a load profile measures. */
export interface Metric {
  /** What users call it, e.g. `first-byte`. */
  readonly name: string
  /** Where rounds keep it: `warm`, `cold`, or a name of `extraQuantilesNs`. */
  readonly series: string
  /** From what to what. */
  readonly title: string
  /** Shown without being asked for. The first one of a profile is its headline. */
  readonly isDefault: boolean
}

type ProfileName = RunResult['loads'][number]['profile']

const cold = { name: 'cold', series: 'cold', isDefault: false } as const
const latency: Metric = {
  name: 'latency',
  series: 'warm',
  title: 'write to last byte, on a connection that has answered before',
  isDefault: true,
}
const firstOfConnection: Metric = { ...cold, title: 'write to last byte, first request of a connection' }

/** The metrics of each profile; the headline comes first. */
const metricsByProfile: Readonly<Record<ProfileName, readonly Metric[]>> = {
  pingpong: [latency, firstOfConnection],
  closed: [latency, firstOfConnection],
  open: [
    { name: 'response', series: 'response', title: 'intended time to last byte', isDefault: true },
    { name: 'service', series: 'warm', title: 'write to last byte', isDefault: true },
    { name: 'lag', series: 'lag', title: 'intended time to write', isDefault: true },
    firstOfConnection,
  ],
  connect: [
    { name: 'connect', series: 'connect', title: 'start of connecting to connected', isDefault: true },
    { name: 'first-byte', series: 'firstByte', title: 'start of connecting to first byte', isDefault: true },
    { name: 'total', series: 'warm', title: 'start of connecting to last byte', isDefault: true },
    {
      ...cold,
      title: 'start of connecting to last byte, first connection after the testbed stood: tunnels are cold',
      isDefault: true,
    },
    { name: 'wait', series: 'wait', title: 'connected to first byte', isDefault: false },
  ],
}

/** Names that `--metric` takes. `latency` is the whole time of any profile, whatever else it is called there. */
export const metricNames: readonly string[] = [
  ...new Set(Object.values(metricsByProfile).flatMap((metrics) => metrics.map(({ name }) => name))),
]

export function metricsOf(profile: ProfileName): readonly Metric[] {
  return metricsByProfile[profile]
}

/** Where rounds keep the metric of this name, e.g. `firstByte` of `first-byte`. */
export function seriesNamed(name: string): string {
  const found = Object.values(metricsByProfile).flat()
  return found.find((metric) => metric.name === name)?.series ?? name
}

export function headlineOf(profile: ProfileName): Metric {
  return metricsByProfile[profile][0]!
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
  return metricsByProfile[profile].filter((metric) => isChosen(metric, names))
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
