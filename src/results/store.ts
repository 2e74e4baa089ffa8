import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { ResultError } from '../errors.ts'
import { digestJournal } from './digest.ts'
import { hostLockHolder } from './host-lock.ts'
import { readJournal } from './journal-reader.ts'
import { readResult } from './result-file.ts'
import { runFiles } from './run-directory.ts'
import { isRunId } from './run-id.ts'
import type { RoundEvent, RunResult } from './schema.ts'
import { summarizeStoredRun, type RunSummary } from './store-summary.ts'

const readsAtOnce = 16

export interface StoredRun {
  /** Its directory. */
  readonly path: string
  readonly result: RunResult
  /** True when `result.json` was missing or damaged and the journal was digested instead. */
  readonly rebuilt: boolean
  /** For `latest`: newer runs that cannot be read. */
  readonly skipped?: readonly SkippedRun[]
}

export interface SkippedRun {
  readonly id: string
  readonly problem: string
}

/**
 * What is known of each run under a results root, newest first, from the ends of their journals only. Runs that
 * cannot be read are listed as such. A root that does not exist has no runs.
 * @throws ResultError when the root cannot be listed.
 */
export async function listRuns(root: string): Promise<RunSummary[]> {
  const ids = await runIds(root)
  const running = (await hostLockHolder())?.runId
  const summaries: RunSummary[] = []
  for (let i = 0; i < ids.length; i += readsAtOnce) {
    const batch = ids.slice(i, i + readsAtOnce)
    summaries.push(...(await Promise.all(batch.map((id) => summarizeStoredRun(root, id, id === running)))))
  }
  return summaries
}

/**
 * Opens a run: by id, by the start of an id that only one run has, `latest` for the newest that can be read and is
 * not being measured, or by the path of a run directory, a `result.json` or a `journal.ndjson`. Without a readable
 * `result.json` the journal is digested; then a run without an end has the status `interrupted`.
 * @throws ResultError when no run or several match, or the run cannot be read.
 */
export async function openRun(root: string, reference: string): Promise<StoredRun> {
  return reference === 'latest' ? openLatest(root) : openAt(await locate(root, reference), root)
}

async function openLatest(root: string): Promise<StoredRun> {
  const running = (await hostLockHolder())?.runId
  const ids = (await runIds(root)).filter((id) => id !== running)
  const skipped: SkippedRun[] = []
  for (const id of ids) {
    try {
      const run = await openAt(path.join(root, id), root)
      return skipped.length === 0 ? run : { ...run, skipped }
    } catch (error) {
      if (!(error instanceof ResultError)) throw error
      skipped.push({ id, problem: error.message })
    }
  }
  const [newest] = skipped
  if (!newest)
    throw new ResultError(`there are no runs in ${root}`, { hint: 'hopmeter run hop-ladder makes one' })
  throw new ResultError(`no run in ${root} can be read; the newest, ${newest.id}: ${newest.problem}`, {
    hint: listHint(root),
  })
}

async function openAt(location: string, root: string): Promise<StoredRun> {
  const stats = await stat(location).catch(() => undefined)
  if (!stats) throw new ResultError(`there is no ${location}`, { hint: listHint(root) })
  if (!stats.isDirectory()) {
    const directory = path.dirname(location)
    if (location.endsWith('.ndjson')) return rebuild(directory, location)
    return { path: directory, result: await readResult(location), rebuilt: false }
  }
  try {
    const result = await readResult(path.join(location, runFiles.result))
    return { path: location, result, rebuilt: false }
  } catch (error) {
    const journal = path.join(location, runFiles.journal)
    const hasJournal = await stat(journal).catch(() => undefined)
    if (hasJournal) return rebuild(location, journal)
    if ((error as { cause?: NodeJS.ErrnoException }).cause?.code !== 'ENOENT') throw error
    const files = `${runFiles.result} nor ${runFiles.journal}`
    throw new ResultError(`${location} is not a run: it has neither ${files}`, { hint: listHint(root) })
  }
}

/**
 * Streams the rounds of a run with their histograms and evidence.
 * @throws ResultError when the run has no journal or it is damaged.
 */
export async function* readRounds(run: Pick<StoredRun, 'path'>): AsyncGenerator<RoundEvent> {
  for await (const event of readJournal(path.join(run.path, runFiles.journal))) {
    if (event.type === 'round') yield event
  }
}

async function rebuild(directory: string, journal: string): Promise<StoredRun> {
  const result = await digestJournal(readJournal(journal))
  const holder = result.status === 'interrupted' ? await hostLockHolder() : undefined
  const isRunning = holder !== undefined && holder.runId === result.id
  return {
    path: directory,
    result: isRunning ? { ...result, reason: `still being measured by pid ${holder.pid}` } : result,
    rebuilt: true,
  }
}

async function locate(root: string, reference: string): Promise<string> {
  if (reference === '') throw new ResultError('the run to open has no name', { hint: listHint(root) })
  if (reference.includes('/') || reference.endsWith('.json') || reference.endsWith('.ndjson'))
    return reference
  if (isRunId(reference) && (await isDirectory(path.join(root, reference)))) return path.join(root, reference)
  const ids = await runIds(root)
  const matching = ids.filter((id) => id.startsWith(reference))
  const [match] = matching
  if (match === undefined) {
    if (reference === '.' || reference === '..' || (await isDirectory(reference))) return reference
    throw new ResultError(`no run in ${root} starts with "${reference}"`, { hint: listHint(root) })
  }
  if (matching.length > 1) {
    const some = matching.slice(0, 5).join(', ') + (matching.length > 5 ? ', ...' : '')
    throw new ResultError(`${matching.length} runs in ${root} start with "${reference}": ${some}`, {
      hint: 'Give more of the id.',
    })
  }
  return path.join(root, match)
}

/** Ids start with their time, so newest first is backwards. */
async function runIds(root: string): Promise<string[]> {
  try {
    const names = await readdir(root)
    return names.filter(isRunId).toSorted((a, b) => (a < b ? 1 : -1))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new ResultError(`cannot list ${root}: ${(error as Error).message}`, { cause: error })
  }
}

async function isDirectory(location: string): Promise<boolean> {
  return (await stat(location).catch(() => undefined))?.isDirectory() ?? false
}

function listHint(root: string): string {
  return `hopmeter results list --results ${root}`
}
