import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { writeError } from './write-error.ts'

/** Makes the names in a directory durable: without this a new file can be gone after a power cut, contents and all. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a file that did not exist, durably.
 * @throws ResultError when it exists or cannot be written.
 */
export async function writeNew(file: string, text: string): Promise<void> {
  try {
    await written(file, text)
  } catch (error) {
    throw writeError(file, error)
  }
}

/**
 * Writes a file in one step: readers see the old contents, or none, or all of the new. On failure, and when the
 * process exits meanwhile, nothing changes. What is no regular file, such as /dev/stdout, is written to as it is.
 * @param option what the user says where to write with
 * @throws ResultError when it cannot be written.
 */
export async function writeAtomically(
  file: string,
  contents: string | Uint8Array,
  option: '--results' | '--out' = '--results',
): Promise<void> {
  try {
    // Renaming over a device would take it from everybody on this machine.
    const stats = await stat(file).catch(() => undefined)
    if (stats && !stats.isFile()) await writeFile(file, contents)
    else await replace(file, contents)
  } catch (error) {
    throw writeError(file, error, { option })
  }
}

async function replace(file: string, contents: string | Uint8Array): Promise<void> {
  // A killed writer may have left its own behind, and have had our process id.
  const own = `${process.pid}-${randomBytes(4).toString('hex')}`
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${own}.tmp`)
  const remove = () => rmSync(temporary, { force: true })
  process.once('exit', remove)
  try {
    await written(temporary, contents)
    try {
      await rename(temporary, file)
      await syncDirectory(path.dirname(file))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  } finally {
    process.off('exit', remove)
  }
}

async function written(target: string, contents: string | Uint8Array): Promise<void> {
  let created = false
  try {
    const handle = await open(target, 'wx', 0o644)
    created = true
    try {
      await handle.writeFile(contents)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (created) await rm(target, { force: true }).catch(() => {})
    throw error
  }
}
