import { readFile } from 'node:fs/promises'
import { ResultError } from '../errors.ts'
import { checkResult } from './check-result.ts'
import { contradiction, parseVersioned } from './journal-reader.ts'
import { limits, tooMany } from './limits.ts'
import { checkRegular } from './lines.ts'
import { runResult, type RunResult } from './schema.ts'

/** A result of ten thousand rounds of a dozen paths is about 50 MB. */
const maxResultBytes = limits['megabytes of a result'] << 20

/**
 * Reads a `result.json`.
 * @throws ResultError when it is absent, too large, damaged or written by a newer hopmeter.
 */
export async function readResult(file: string): Promise<RunResult> {
  const bytes = await checkRegular(file)
  if (bytes > maxResultBytes) throw new ResultError(`${file}: ${tooMany('megabytes of a result')}`)
  const result = parseVersioned(await readFile(file, 'utf8'), file, runResult)
  if (result instanceof ResultError) throw result
  try {
    checkResult(result)
  } catch (error) {
    throw contradiction(file, error)
  }
  return result
}
