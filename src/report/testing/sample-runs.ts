import { digestJournal } from '../../results/digest.ts'
import type { JournalEvent, RunHeader } from '../../results/schema.ts'
import { sampleEvents } from '../../results/testing/sample-run.ts'
import { sampleEventsOfFormat1 } from '../../results/testing/sample-run-v1.ts'
import { sideBySide, type SampleVariant } from '../../results/testing/sample-variants.ts'
import { summarizeRun } from '../../analysis/summarize-run.ts'
import { distributionsOf } from '../charts/models/distribution.ts'
import type { ChartedRun } from '../charts/chart-module.ts'

export interface SampleOptions {
  /** Of each restart. */
  readonly rounds?: number
  readonly restarts?: number
  /** 1: as hopmeter wrote it when runs had an A/A control and no restarts. */
  readonly format?: 1 | 2
  readonly id?: string
  readonly engineVersion?: string
  readonly allFlagged?: boolean
  /** Rewrites every path name, cluster and pod of the run. */
  readonly rename?: (name: string) => string
  readonly header?: Partial<RunHeader>
  /** Every path once per variant. */
  readonly variants?: readonly SampleVariant[]
}

/** A run as reports take it, made from a synthetic journal. */
export async function sampleReportRun(options: SampleOptions = {}): Promise<ChartedRun> {
  const { rounds = 8, restarts = 1, format = 2, id, engineVersion, allFlagged = false, rename } = options
  const header = { ...(id === undefined ? {} : { id }), ...options.header }
  const sample = { rounds, requests: 120, header }
  const plain = format === 1 ? sampleEventsOfFormat1(sample) : sampleEvents({ ...sample, restarts })
  let text = JSON.stringify(options.variants ? sideBySide(plain, options.variants) : plain)
  if (rename) text = renamed(text, rename)
  const events = (JSON.parse(text) as JournalEvent[]).map((event): JournalEvent => {
    if (event.type === 'build' && engineVersion !== undefined) {
      return { ...event, engine: { name: 'istio', version: engineVersion } }
    }
    return event.type === 'round' && allFlagged ? { ...event, flags: ['lost-requests'] } : event
  })
  const result = await digestJournal(each(events))
  const roundEvents = events.filter((event) => event.type === 'round')
  return {
    result,
    summary: summarizeRun(result),
    distributions: await distributionsOf(result, each(roundEvents)),
  }
}

function renamed(text: string, rename: (name: string) => string): string {
  const names = new Set([
    'no-mesh',
    'single',
    'same-network',
    'gateway',
    'load-balancer',
    'single-control',
    'east-1',
    'west',
  ])
  return JSON.stringify(
    JSON.parse(text, (key, value: unknown) =>
      typeof value === 'string' && key !== 'kind' && names.has(value) ? rename(value) : value,
    ),
  )
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item)
}
