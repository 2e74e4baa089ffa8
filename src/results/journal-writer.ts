import { open, stat, type FileHandle } from 'node:fs/promises'
import { ResultError } from '../errors.ts'
import { explainIssues } from './explain-issues.ts'
import { journalEvent, type JournalEvent } from './schema.ts'
import { writeError } from './write-error.ts'

/**
 * The append-only journal of one run: one JSON line per event. Whatever `append` has resolved for survives kill -9
 * and a power cut. One writer per file at a time: the host lock of a run sees to that.
 */
export class JournalWriter {
  readonly file: string
  readonly #handle: FileHandle
  readonly #inode: bigint
  #queue: Promise<void> = Promise.resolve()
  #events = 0
  /** Length of the file up to the last complete event. */
  #bytes = 0
  #broken: ResultError | undefined

  private constructor(file: string, handle: FileHandle, inode: bigint) {
    this.file = file
    this.#handle = handle
    this.#inode = inode
  }

  /** @throws ResultError when the file exists or cannot be created. */
  static async create(file: string): Promise<JournalWriter> {
    try {
      const handle = await open(file, 'ax', 0o644)
      const { ino } = await handle.stat({ bigint: true })
      return new JournalWriter(file, handle, ino)
    } catch (error) {
      throw writeError(file, error)
    }
  }

  /**
   * Opens the journal of a run that ended early, to go on after its last complete event; half a line at the end is cut
   * off. @throws ResultError when it cannot be opened or holds no complete event.
   */
  static async reopen(file: string): Promise<JournalWriter> {
    try {
      await stat(file) // opening it to append would make it
      const handle = await open(file, 'a+')
      const { ino } = await handle.stat({ bigint: true })
      const { bytes, events } = await completeLines(handle)
      if (events === 0) throw new ResultError(`${file} holds no complete event to go on from`)
      await handle.truncate(bytes)
      await handle.datasync()
      const writer = new JournalWriter(file, handle, ino)
      writer.#bytes = bytes
      writer.#events = events
      return writer
    } catch (error) {
      throw error instanceof ResultError ? error : writeError(file, error)
    }
  }

  /** Number of events that are durable. */
  get events(): number {
    return this.#events
  }

  /**
   * Appends an event and resolves when it is on disk. Calls may overlap; events keep the order of the calls.
   * @throws ResultError when it is no valid event or cannot be written; earlier events stay readable.
   */
  append(event: JournalEvent): Promise<void> {
    const line = lineOf(event)
    if (line instanceof ResultError) return Promise.reject(line)
    const done = this.#queue.then(() => this.#write(line))
    this.#queue = done.catch(() => {})
    return done
  }

  /** Waits for appends under way and closes the file. */
  async close(): Promise<void> {
    await this.#queue
    this.#broken ??= new ResultError(`${this.file} is closed`)
    await this.#handle.close()
  }

  async #write(line: Buffer): Promise<void> {
    if (this.#broken) throw this.#broken
    try {
      await this.#handle.appendFile(line)
    } catch (error) {
      const failure = this.#failure(error)
      // Half a line must not stay in front of a later event. If even that fails, nothing may follow it.
      await this.#handle.truncate(this.#bytes).catch(() => (this.#broken = failure))
      throw failure
    }
    try {
      await this.#handle.datasync()
    } catch (error) {
      // After a failed sync the kernel may have dropped the data; a second sync would lie.
      throw (this.#broken = this.#failure(error))
    }
    // A file without a name takes every line, and keeps none.
    const { ino } = await stat(this.file, { bigint: true }).catch(() => ({ ino: undefined }))
    if (ino !== this.#inode) throw (this.#broken = removed(this.file))
    this.#bytes += line.length
    this.#events += 1
  }

  #failure(error: unknown): ResultError {
    const kept =
      this.#events === 1 ? 'the one event before is safe' : `the ${this.#events} events before are safe`
    return writeError(this.file, error, this.#events === 0 ? {} : { kept })
  }
}

/** How many bytes and events of a journal end in a line break. */
async function completeLines(handle: FileHandle): Promise<{ bytes: number; events: number }> {
  const chunk = Buffer.alloc(1 << 20)
  let [position, bytes, events] = [0, 0, 0]
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
    if (bytesRead === 0) return { bytes, events }
    for (let i = chunk.indexOf(10); i >= 0 && i < bytesRead; i = chunk.indexOf(10, i + 1)) {
      bytes = position + i + 1
      events += 1
    }
    position += bytesRead
  }
}

function removed(file: string): ResultError {
  return new ResultError(`${file} was removed or replaced while its run was being measured`, {
    hint: 'Leave the folder of a run alone until it has ended, and run again.',
  })
}

/**
 * Checked before it is written: an event that cannot be read back would take the whole journal with it. The checked
 * copy has its keys in the order of the schema, so a line tells its type and round in its first bytes.
 */
function lineOf(event: JournalEvent): Buffer | ResultError {
  const { error, data } = journalEvent.safeParse(event)
  return error
    ? new ResultError(`not a valid "${event.type}" event: ${explainIssues(error)}`)
    : Buffer.from(`${JSON.stringify(data)}\n`)
}
