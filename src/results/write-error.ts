import { ResultError } from '../errors.ts'

interface WriteFailure {
  /** What is safe nevertheless. */
  readonly kept?: string | undefined
  /** The option that says where to write. */
  readonly option?: '--results' | '--out' | undefined
}

const advice: Readonly<Record<string, (option: string) => string>> = {
  ENOSPC: (option) =>
    `Free space on that file system (df -h shows it) or give another one with ${option}, and run again.`,
  EDQUOT: (option) =>
    `Your disk quota is used up: free space or give another folder with ${option}, and run again.`,
  EROFS: (option) => `That file system is read-only: give a folder that you can write to with ${option}.`,
  EACCES: (option) => `Give a folder that you can write to with ${option}.`,
  EPERM: (option) => `Give a folder that you can write to with ${option}.`,
  EFBIG: () => 'A file size limit is in force (ulimit -f): raise it, and run again.',
  EIO: (option) => `The disk reports errors (dmesg shows them): give a folder on another one with ${option}.`,
  ENAMETOOLONG: (option) => `Give a folder with a shorter path with ${option}.`,
  EEXIST: (option) => `A part of that path is a file: give another folder with ${option}.`,
  ENOTDIR: (option) => `A part of that path is a file: give another folder with ${option}.`,
}

/** A ResultError for a failed write that says what to do next. */
export function writeError(file: string, error: unknown, failure: WriteFailure = {}): ResultError {
  const { kept = '', option = '--results' } = failure
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  const reason = error instanceof Error ? error.message : String(error)
  return new ResultError(`cannot write ${file}: ${reason}${kept === '' ? '' : `; ${kept}`}`, {
    cause: error,
    hint: advice[code]?.(option) ?? `Check that folder, or give another one with ${option}.`,
  })
}
