import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { ResultError } from '../errors.ts'

/**
 * e.g. `2026-11-23t01-02-03z-hop-ladder-7f3a`: UTC start time, scenario, four random hex digits. Lower-case letters,
 * digits and inner hyphens, at most 63 of them, so an id is also a DNS-1123 label. Sorting ids sorts by time.
 */
export const runIdPattern =
  /^\d{4}-\d{2}-\d{2}t\d{2}-\d{2}-\d{2}z-[a-z0-9](?:[a-z0-9-]{0,35}[a-z0-9])?-[0-9a-f]{4}$/

const maxNameLength = 37

/** A fresh id for a run of `scenarioName` started at `startedAt`. Characters that an id cannot hold become hyphens. */
export function newRunId(scenarioName: string, startedAt: Date = new Date()): string {
  const time = startedAt.toISOString().slice(0, 19).toLowerCase().replaceAll(':', '-')
  const name = scenarioName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, maxNameLength)
    .replaceAll(/^-+|-+$/g, '')
  return `${time}z-${name === '' ? 'run' : name}-${randomBytes(2).toString('hex')}`
}

export function isRunId(text: string): boolean {
  return runIdPattern.test(text)
}

/**
 * The directory of a run under a results root.
 * @throws ResultError when `id` is not a run id, so that no id can lead out of the root.
 */
export function runPath(root: string, id: string): string {
  if (!isRunId(id)) {
    throw new ResultError(`"${id.slice(0, 80)}" is not a run id`, {
      hint: 'Run ids look like 2026-11-23t01-02-03z-hop-ladder-7f3a; `hopmeter results list` shows them.',
    })
  }
  return path.join(root, id)
}
