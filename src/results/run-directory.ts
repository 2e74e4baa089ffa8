import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { ResultError } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'
import { digestJournal } from './digest.ts'
import { syncDirectory, writeAtomically, writeNew } from './durable.ts'
import { forKeeping } from './for-keeping.ts'
import { readJournal } from './journal-reader.ts'
import { JournalWriter } from './journal-writer.ts'
import { runPath } from './run-id.ts'
import type { JournalEvent, RunResult } from './schema.ts'
import { writeError } from './write-error.ts'

/** Files of a run. */
export const runFiles = {
  journal: 'journal.ndjson',
  result: 'result.json',
  scenario: 'scenario.yaml',
} as const

/** The directory of a run that is being measured. */
export class RunDirectory {
  readonly id: string
  readonly path: string
  readonly #journal: JournalWriter

  constructor(id: string, directory: string, journal: JournalWriter) {
    this.id = id
    this.path = directory
    this.#journal = journal
  }

  /** For what the testbed of a run that fails said; not there unless one did. */
  get failureFolder(): string {
    return path.join(this.path, 'failure')
  }

  /**
   * Appends an event to the journal and resolves when it is on disk; the first one must be the header.
   * @throws ResultError when it cannot be written; everything before stays readable.
   */
  append(event: JournalEvent): Promise<void> {
    return this.#journal.append(forKeeping(event))
  }

  /**
   * Removes the folder of a run of which nothing could be recorded: without a single event it would show as a damaged
   * run for good. Never throws.
   */
  async discard(): Promise<void> {
    if (this.#journal.events > 0) return
    await this.#journal.close().catch(() => {})
    await rm(this.path, { recursive: true, force: true }).catch(() => {})
  }

  /**
   * Closes the journal and writes `result.json` from it in one step. Whether the run is complete, the journal says.
   * @throws ResultError when the journal is empty or the file cannot be written; the journal stays.
   */
  async finish(): Promise<RunResult> {
    await this.#journal.close()
    const result = await digestJournal(readJournal(this.#journal.file))
    await writeAtomically(path.join(this.path, runFiles.result), `${JSON.stringify(result)}\n`)
    return result
  }
}

/**
 * Creates `<root>/<id>/` with a copy of the scenario and an empty journal. Nothing that exists is touched.
 * @throws ResultError when the run exists, the id is none, or the folder cannot be written.
 */
export async function createRunDirectory(
  root: string,
  id: string,
  scenarioText: string,
): Promise<RunDirectory> {
  const directory = runPath(root, id)
  await createDirectory(root, directory)
  try {
    await writeNew(path.join(directory, runFiles.scenario), scenarioText)
    const journal = await JournalWriter.create(path.join(directory, runFiles.journal))
    await syncDirectory(directory)
    await syncDirectory(root)
    return new RunDirectory(id, directory, journal)
  } catch (error) {
    // Ours and without a single event: leaving it would show as a damaged run.
    await rm(directory, { recursive: true, force: true }).catch(() => {})
    throw error instanceof ResultError ? error : writeError(directory, error)
  }
}

/**
 * Opens the directory of a run that ended early, to go on with it.
 * @throws ResultError when its journal cannot be continued.
 */
export async function reopenRunDirectory(id: string, directory: string): Promise<RunDirectory> {
  return new RunDirectory(id, directory, await JournalWriter.reopen(path.join(directory, runFiles.journal)))
}

async function createDirectory(root: string, directory: string): Promise<void> {
  try {
    makeFolder(root)
  } catch (error) {
    throw writeError(root, (error as Error).cause)
  }
  try {
    await mkdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(directory, error)
    throw new ResultError(`${directory} exists; results are never overwritten`, {
      cause: error,
      hint: 'Run again: every run gets an id of its own.',
    })
  }
}
