import type { z } from 'zod'
import { ResultError } from '../errors.ts'
import { explainIssues } from './explain-issues.ts'
import { limits, tooMany } from './limits.ts'
import { readLines } from './lines.ts'
import { checkHistograms, RunRules } from './rules.ts'
import { journalEvent, resultSchemaVersion, type JournalEvent } from './schema.ts'

/** A round of a dozen paths under a dozen loads is about 0.5 MB. */
export const maxJournalLineBytes = limits['megabytes of a journal line'] << 20

/**
 * Streams the events of a journal. Bytes after the last newline are the event that was being written when the run
 * died: they are used when they are a whole event and ignored otherwise. Everything else must be valid.
 * @throws ResultError with file and line number when a line is damaged, when the first event is not the header, or
 *   when a newer hopmeter wrote the journal.
 */
export async function* readJournal(file: string): AsyncGenerator<JournalEvent> {
  let events = 0
  let beside = 0
  let rules: RunRules | undefined
  for await (const { number, text, complete } of readLines(file, maxJournalLineBytes)) {
    const event = parseEvent(text, `${file}:${number}`)
    if (event instanceof ResultError) {
      if (!complete) break
      throw event
    }
    if ((event.type === 'run') !== (events === 0)) {
      throw new ResultError(
        `${file}:${number}: ${events === 0 ? 'a journal starts with its header' : 'a second header'}`,
      )
    }
    try {
      if (event.type === 'run') rules = new RunRules(event)
      else if (rules) checkEvent(rules, event)
    } catch (error) {
      throw contradiction(`${file}:${number}`, error)
    }
    if (event.type !== 'round' && (beside += 1) > limits['events beside rounds']) {
      throw new ResultError(`${file}:${number}: ${tooMany('events beside rounds')}`)
    }
    events += 1
    yield event
  }
  if (events === 0) {
    throw new ResultError(`${file} holds no complete event`, {
      hint: 'The run was ended before it had written anything; its folder can be deleted.',
    })
  }
}

function checkEvent(rules: RunRules, event: JournalEvent): void {
  if (event.type === 'round') {
    rules.round(event)
    rules.components(event.componentCpu.map(({ component }) => component))
    for (const sample of event.paths) checkHistograms(sample)
  }
  if (event.type === 'build') rules.build(event)
  if (event.type === 'proof') for (const seen of event.evidence) rules.event(seen)
  if (event.type === 'unreachable') rules.event(event)
}

/** The error for a file whose numbers cannot all be true. */
export function contradiction(place: string, error: unknown): ResultError {
  const reason = error instanceof Error ? error.message : String(error)
  return new ResultError(`${place}: contradicts itself: ${reason}`, { cause: error })
}

/** One journal line, or the error that says what is wrong with it. */
export function parseEvent(text: string, place: string): JournalEvent | ResultError {
  return parseVersioned(text, place, journalEvent)
}

/** Parses JSON and checks it, the version first: complaints about fields of a newer format would only confuse. */
export function parseVersioned<T>(text: string, place: string, schema: z.ZodType<T>): T | ResultError {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\ufeff/, '')) // editors of Windows begin files with a byte order mark
  } catch (error) {
    return new ResultError(`${place}: not JSON`, { cause: error })
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion
  if (typeof version === 'number' && version > resultSchemaVersion) {
    return new ResultError(
      `${place}: written by a newer hopmeter (result format ${version}; this one reads up to ${resultSchemaVersion})`,
      { hint: 'Update hopmeter: npm install --global hopmeter@latest' },
    )
  }
  const parsed = schema.safeParse(value)
  return parsed.success
    ? parsed.data
    : new ResultError(`${place}: not as the result format says: ${explainIssues(parsed.error)}`)
}
