import { constants, openSync } from 'node:fs'
import { lstat, realpath, stat, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import path from 'node:path'
import { replaceFile } from './durable.ts'
import { writeError } from './write-error.ts'

/**
 * Writes where the user said to. Links are followed, and the file behind one is replaced in one step; a pipe that
 * somebody reads, a terminal and /dev/null are written to as they are.
 * @throws ResultError when it cannot be written, is a folder, a disk or a socket, or a pipe that nobody reads.
 */
export async function writeWhereAsked(file: string, contents: string | Uint8Array): Promise<void> {
  try {
    await write(file, contents)
  } catch (error) {
    throw writeError(file, error, { option: '--out' })
  }
}

async function write(file: string, contents: string | Uint8Array): Promise<void> {
  const stats = await stat(file).catch(() => undefined)
  if (!stats) {
    const isLink = (await lstat(file).catch(() => undefined))?.isSymbolicLink() ?? false
    await (isLink ? writeFile(file, contents) : replaceFile(file, contents))
  } else if (stats.isFIFO()) await writePipe(file, contents)
  else if (isDescriptor(file)) {
    // What a shell opened for us (`3>file`) goes on at its end; opening it to replace it would empty it.
    await writeFile(file, contents, { flag: constants.O_WRONLY | constants.O_APPEND })
  } else if (stats.isFile()) await replaceFile(await realpath(file), contents)
  else if (stats.isCharacterDevice()) await writeFile(file, contents)
  else throw new Error(stats.isDirectory() ? 'it is a folder' : 'it is neither a file nor a pipe')
}

function isDescriptor(file: string): boolean {
  return /^\/(?:dev\/stderr|(?:dev|proc\/self)\/fd\/\d+)$/.test(path.resolve(file))
}

/** Opening a pipe waits for a reader, who may never come. */
async function writePipe(file: string, contents: string | Uint8Array): Promise<void> {
  let fd: number
  try {
    fd = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
    throw new Error('nobody reads that pipe', { cause: error })
  }
  const pipe = new Socket({ fd, readable: false, writable: true })
  await new Promise<void>((resolve, reject) => {
    pipe.once('error', reject)
    pipe.end(contents, () => resolve())
  })
}
