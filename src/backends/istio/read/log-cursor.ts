/** How far a log was read. Lines carry the container runtime's time in front. */
export interface LogCursor {
  readonly lastLine: string | undefined
}

export interface NewLines {
  readonly lines: readonly string[]
  readonly cursor: LogCursor
  /** The last line read before is gone: the log was rotated or belongs to another container by now. */
  readonly lost: boolean
}

/** What is new in an answer that reaches back to the second of the last line read. */
export function newLines(cursor: LogCursor, answer: string): NewLines {
  const lines = answer.split('\n').filter((line) => line.trim() !== '')
  const { lastLine } = cursor
  const next: LogCursor = { lastLine: lines.at(-1) ?? lastLine }
  if (lastLine === undefined) return { lines, cursor: next, lost: false }
  const at = lines.lastIndexOf(lastLine)
  return { lines: lines.slice(at + 1), cursor: next, lost: at === -1 }
}

/** Time for `--since-time`, which counts whole seconds; undefined where the line has none. */
export function cursorTime({ lastLine }: LogCursor): string | undefined {
  const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)/.exec(lastLine ?? '')
  return time ? `${time[1]}${time[2]}` : undefined
}
