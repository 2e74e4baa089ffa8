import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { ResultError } from '../errors.ts'
import { enginesOf } from './build-traits.ts'
import { parseEvent } from './journal-reader.ts'
import { readResult } from './result-file.ts'
import { runFiles } from './run-directory.ts'
import type { BuildEvent, EndStatus, JournalEvent, RunHeader } from './schema.ts'

/** A line of `results list`. What could not be found out is absent. */
export interface RunSummary {
  readonly id: string
  /** Its directory. */
  readonly path: string
  /** `running`: it holds the run lock of this host now. `unreadable`: see `problem`. */
  readonly status: EndStatus | 'running' | 'unreadable'
  readonly startedAt?: string
  readonly scenario?: string
  readonly backend?: string
  /** e.g. `lab-node 0.1.0`. */
  readonly engine?: string
  /** Rounds measured so far, builds together. */
  readonly rounds?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly problem?: string
}

const headSizes = [1 << 16, 1 << 23] as const
/** The journal writer keeps to the order of keys in the schema. */
const roundStart = /^\{"type":"round","build":(\d+),(?:"restart":(\d+),)?"round":(\d+),/gm
const tailSizes = [1 << 16, 1 << 20, 1 << 24] as const

/** Reads the first and the last lines of a journal, whatever its size. Never throws: a problem becomes the status. */
export async function summarizeStoredRun(root: string, id: string, isRunning: boolean): Promise<RunSummary> {
  const directory = path.join(root, id)
  const journal = path.join(directory, runFiles.journal)
  try {
    const stats = await stat(journal).catch(() => undefined)
    if (!stats) return await summarizeResult(id, directory)
    if (!stats.isFile()) throw new ResultError(`${journal} is not a regular file`)
    const facts = await withJournal(journal, stats.size, summarizeJournal)
    return { id, path: directory, ...facts, status: facts.status ?? (isRunning ? 'running' : 'interrupted') }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { id, path: directory, status: 'unreadable', problem }
  }
}

async function summarizeJournal(journal: OpenJournal) {
  const [header, build] = await readHead(journal)
  if (header?.type !== 'run') throw new ResultError(`${journal.file} holds no complete event`)
  const { status, rounds } = await readTail(journal, header)
  const facts = factsOf(header, build?.type === 'build' ? build : undefined)
  return { ...facts, status, ...(rounds === undefined ? {} : { rounds }) }
}

/** For runs that were copied or imported without their journal. */
async function summarizeResult(id: string, directory: string): Promise<RunSummary> {
  const result = await readResult(path.join(directory, runFiles.result))
  const { status, measured } = result
  return { id, path: directory, status, ...factsOf(result, result.builds[0]), rounds: measured.length }
}

function factsOf(
  { startedAt, scenario, backend, labels }: Pick<RunHeader, 'startedAt' | 'scenario' | 'backend' | 'labels'>,
  build: Omit<BuildEvent, 'type'> | undefined,
) {
  const engines = build && enginesOf({ builds: [build] })
  const engine = engines === undefined ? {} : { engine: engines }
  return { startedAt, scenario: scenario.name, backend, ...engine, labels }
}

/** The header, and the first build when it comes before any round. */
async function readHead(journal: OpenJournal): Promise<JournalEvent[]> {
  for (const size of headSizes) {
    const text = await journal.read(0, size)
    const lines = text.split('\n').slice(0, -1)
    if (lines.length < 2 && size < journal.bytes && size !== headSizes.at(-1)) continue
    const round = lines.findIndex((line) => line.startsWith('{"type":"round"'))
    const build = lines.findIndex((line) => line.startsWith('{"type":"build"'))
    const wanted = build > 0 && (round < 0 || build < round) ? [0, build] : [0]
    return wanted.flatMap((i) => {
      const line = lines[i]
      if (line === undefined) return []
      const event = parseEvent(line, `${journal.file}:${i + 1}`)
      if (event instanceof ResultError) throw event
      return [event]
    })
  }
  return []
}

/** How the run ended, if it did, and how far it came: found by looking back from the end of the file. */
async function readTail(
  journal: OpenJournal,
  header: RunHeader,
): Promise<{ status: EndStatus | undefined; rounds: number | undefined }> {
  for (const size of tailSizes) {
    const isWhole = size >= journal.bytes
    const text = await journal.read(Math.max(0, journal.bytes - size), size)
    const round = [...text.matchAll(roundStart)].at(-1)
    if (!round && !isWhole && size !== tailSizes.at(-1)) continue
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).trimEnd()
    const last = lines.slice(lines.lastIndexOf('\n') + 1)
    const end = last.startsWith('{"type":"end"') ? parseEvent(last, journal.file) : undefined
    const status = end instanceof ResultError || end?.type !== 'end' ? undefined : end.status
    if (round) {
      const { count, restarts = 1 } = header.rounds
      const [build, restart, own] = [Number(round[1]), Number(round[2] ?? 1), Number(round[3])]
      // A run that went on after an interruption has builds beyond those it was asked for, and gaps before them. Of
      // variants that are switched the last round does not say which came before.
      const isCounted = build > header.rounds.builds || header.switched === true
      const place = ((build - 1) * restarts + restart - 1) * count + own
      return { status, rounds: isCounted ? await countRounds(journal) : place }
    }
    return { status, rounds: isWhole ? 0 : undefined }
  }
  return { status: undefined, rounds: undefined }
}

async function countRounds(journal: OpenJournal): Promise<number> {
  const size = 1 << 20
  let rounds = 0
  let rest = ''
  for (let position = 0; position < journal.bytes; position += size) {
    const text = rest + (await journal.read(position, size))
    const end = text.lastIndexOf('\n') + 1
    rounds += [...text.slice(0, end).matchAll(roundStart)].length
    rest = text.slice(end)
  }
  return rounds
}

interface OpenJournal {
  readonly file: string
  readonly bytes: number
  /** At most `size` bytes from `position`, as text. */
  read(position: number, size: number): Promise<string>
}

async function withJournal<T>(
  file: string,
  bytes: number,
  use: (journal: OpenJournal) => Promise<T>,
): Promise<T> {
  const handle = await open(file, 'r')
  try {
    const read = async (position: number, size: number) => {
      const length = Math.min(size, bytes - position)
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, position)
      return buffer.toString('utf8', 0, bytesRead)
    }
    return await use({ file, bytes, read })
  } finally {
    await handle.close()
  }
}
