import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { ResultError } from '../errors.ts'
import { parseEvent } from './journal-reader.ts'
import { checkRegular, readLines } from './lines.ts'
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

const maxHeaderBytes = 8 << 20
const headChunk = 1 << 14
/** The journal writer keeps to the order of keys in the schema. */
const roundStart = /^\{"type":"round","build":(\d+),"round":(\d+),/gm
const tailSizes = [1 << 16, 1 << 20, 1 << 24] as const

/** Reads the first and the last lines of a journal, whatever its size. Never throws: a problem becomes the status. */
export async function summarizeStoredRun(root: string, id: string, isRunning: boolean): Promise<RunSummary> {
  const directory = path.join(root, id)
  const journal = path.join(directory, runFiles.journal)
  try {
    const hasJournal = await stat(journal).catch(() => undefined)
    if (!hasJournal) return await summarizeResult(id, directory)
    const head = await readHead(journal)
    const header = head[0]
    if (header?.type !== 'run') throw new ResultError(`${journal} holds no complete event`)
    const build = head.find((event) => event.type === 'build')
    const { status, rounds } = await readTail(journal, header)
    return {
      id,
      path: directory,
      status: status ?? (isRunning ? 'running' : 'interrupted'),
      ...factsOf(header, build),
      ...(rounds === undefined ? {} : { rounds }),
    }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { id, path: directory, status: 'unreadable', problem }
  }
}

/** For runs that were copied or imported without their journal. */
async function summarizeResult(id: string, directory: string): Promise<RunSummary> {
  const result = await readResult(path.join(directory, runFiles.result))
  const { status, measured } = result
  return { id, path: directory, status, ...factsOf(result, result.builds[0]), rounds: measured.length }
}

function factsOf(
  { startedAt, scenario, backend, labels }: Pick<RunHeader, 'startedAt' | 'scenario' | 'backend' | 'labels'>,
  build: Pick<BuildEvent, 'engine'> | undefined,
) {
  const engine = build ? { engine: `${build.engine.name} ${build.engine.version}` } : {}
  return { startedAt, scenario: scenario.name, backend, ...engine, labels }
}

/** The header, and the first build when it comes before any round. */
async function readHead(journal: string): Promise<JournalEvent[]> {
  const events: JournalEvent[] = []
  for await (const { number, text, complete } of readLines(journal, maxHeaderBytes, headChunk)) {
    if (!complete || (number > 1 && text.startsWith('{"type":"round"'))) break
    if (number > 1 && !text.startsWith('{"type":"build"')) continue
    const event = parseEvent(text, `${journal}:${number}`)
    if (event instanceof ResultError) throw event
    events.push(event)
    if (event.type === 'build') break
  }
  return events
}

/** How the run ended, if it did, and how far it came: found by looking back from the end of the file. */
async function readTail(
  journal: string,
  header: RunHeader,
): Promise<{ status: EndStatus | undefined; rounds: number | undefined }> {
  const bytes = await checkRegular(journal)
  for (const size of tailSizes) {
    const text = await readEnd(journal, bytes, size)
    const isWhole = size >= bytes
    const round = [...text.matchAll(roundStart)].at(-1)
    if (!round && !isWhole && size !== tailSizes.at(-1)) continue
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).trimEnd()
    const last = lines.slice(lines.lastIndexOf('\n') + 1)
    const end = last.startsWith('{"type":"end"') ? parseEvent(last, journal) : undefined
    const rounds = round ? (Number(round[1]) - 1) * header.rounds.count + Number(round[2]) : isWhole ? 0 : undefined
    return { status: end instanceof ResultError || end?.type !== 'end' ? undefined : end.status, rounds }
  }
  return { status: undefined, rounds: undefined }
}

async function readEnd(file: string, bytes: number, size: number): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const length = Math.min(size, bytes)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, bytes - length)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
