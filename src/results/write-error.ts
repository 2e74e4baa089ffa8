import { ResultError } from '../errors.ts'

const advice: Readonly<Record<string, string>> = {
  ENOSPC:
    'Free space on that file system (df -h shows it) or give another one with --results, and run again.',
  EDQUOT: 'Your disk quota is used up: free space or give another folder with --results, and run again.',
  EROFS: 'That file system is read-only: give a folder that you can write to with --results.',
  EACCES: 'Give a folder that you can write to with --results.',
  EPERM: 'Give a folder that you can write to with --results.',
  EFBIG: 'A file size limit is in force (ulimit -f): raise it, and run again.',
  EIO: 'The disk reports errors (dmesg shows them): give a folder on another one with --results.',
  ENAMETOOLONG: 'Give a folder with a shorter path with --results.',
  EEXIST: 'A part of that path is a file: give another folder with --results.',
  ENOTDIR: 'A part of that path is a file: give another folder with --results.',
}

/** A ResultError for a failed write that says what to do next. `kept` says what is safe nevertheless. */
export function writeError(file: string, error: unknown, kept = ''): ResultError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  const reason = error instanceof Error ? error.message : String(error)
  return new ResultError(`cannot write ${file}: ${reason}${kept === '' ? '' : `; ${kept}`}`, {
    cause: error,
    hint: advice[code] ?? 'Check that folder, or give another one with --results.',
  })
}
