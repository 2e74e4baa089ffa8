import { open, rename, rm } from 'node:fs/promises'
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
  await written(file, file, text)
}

/**
 * Writes a file in one step: readers see the old contents, or none, or all of the new. On failure nothing changes.
 * @throws ResultError when it cannot be written.
 */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
  await written(temporary, file, text)
  try {
    await rename(temporary, file)
    await syncDirectory(path.dirname(file))
  } catch (error) {
    await rm(temporary, { force: true })
    throw writeError(file, error)
  }
}

async function written(target: string, shownAs: string, text: string): Promise<void> {
  let created = false
  try {
    const handle = await open(target, 'wx', 0o644)
    created = true
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (created) await rm(target, { force: true }).catch(() => {})
    throw writeError(shownAs, error)
  }
}
