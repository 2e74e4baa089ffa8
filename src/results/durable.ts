import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { lstat, open, rename, rm } from 'node:fs/promises'
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
 * Writes a file of a name that is ours in one step: readers see the old contents, or none, or all of the new. On
 * failure, and when the process exits meanwhile, nothing changes. Run folders are handed around: what is there under
 * that name and is no regular file (a link to a file or disk of somebody's, a pipe) is neither followed nor replaced.
 * @param option what the user says where to write with
 * @throws ResultError when it cannot be written.
 */
export async function writeAtomically(
  file: string,
  contents: string | Uint8Array,
  option: '--results' | '--out' = '--results',
): Promise<void> {
  try {
    await requireOrdinary(file, 'file')
    await replaceFile(file, contents)
  } catch (error) {
    throw writeError(file, error, { option })
  }
}

/**
 * Refuses what stands under a name of ours and is not what we would have put there. Absent is fine.
 * @throws Error that says what it is.
 */
export async function requireOrdinary(file: string, wanted: 'file' | 'folder'): Promise<void> {
  const stats = await lstat(file).catch(() => undefined)
  if (!stats || (wanted === 'file' ? stats.isFile() : stats.isDirectory())) return
  if (stats.isSymbolicLink()) throw new Error('it is a link, and links are not followed here')
  throw new Error(stats.isDirectory() ? 'it is a folder' : `it is not a ${wanted}`)
}

/** Writes a file beside its final name and renames it, so that a link under that name would be replaced itself. */
export async function replaceFile(file: string, contents: string | Uint8Array): Promise<void> {
  // A name of its own: what a killed process of the same number left behind must not be in the way.
  const unique = `${process.pid}-${randomBytes(4).toString('hex')}`
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${unique}.tmp`)
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
