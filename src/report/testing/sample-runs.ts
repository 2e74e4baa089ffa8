import { digestJournal } from '../../results/digest.ts'
import type { JournalEvent, RunHeader } from '../../results/schema.ts'
import { sampleEvents } from '../../results/testing/sample-run.ts'
import { summarizeRun } from '../../stats/summarize-run.ts'
import { distributionsOf } from '../charts/models/distribution.ts'
import type { ChartedRun } from '../charts/chart-module.ts'

export interface SampleOptions {
  readonly rounds?: number
  readonly id?: string
  readonly engineVersion?: string
  readonly allFlagged?: boolean
  /** Rewrites every path name, cluster and pod of the run. */
  readonly rename?: (name: string) => string
  readonly header?: Partial<RunHeader>
}

/** A run as reports take it, made from a synthetic journal. */
export async function sampleReportRun(options: SampleOptions = {}): Promise<ChartedRun> {
  const { rounds = 8, id, engineVersion, allFlagged = false, rename } = options
  const header = { ...(id === undefined ? {} : { id }), ...options.header }
  let text = JSON.stringify(sampleEvents({ rounds, requests: 120, header }))
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
