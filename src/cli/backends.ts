import type { Backend } from '../backends/backend.ts'
import { createLab } from '../backends/lab/lab.ts'
import { UsageError } from '../errors.ts'

/** The backend behind `--backend`. @throws UsageError when there is none of that name. */
export function createBackend(name: string): Backend {
  if (name === 'lab') return createLab()
  throw new UsageError(`there is no backend "${name}"`, { hint: 'use --backend lab' })
}
