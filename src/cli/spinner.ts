import ora from 'ora'
import type { CliContext } from './context.ts'

/** One line that moves while work lasts. */
export interface Spinner {
  start(text: string): void
  /** Leaves a line above the moving one. */
  keep(symbol: string, text: string): void
  stop(): void
}

/** A line that moves needs room for itself. */
const fewestColumns = 20
/** What is assumed of a terminal that does not know its width, or was made too narrow meanwhile. */
const assumedColumns = 80

/** Whether standard error is a terminal on which a line can move. */
export function hasMovingLine({ stderr, env }: CliContext): boolean {
  if (!stderr.isTTY || env['TERM'] === 'dumb' || 'CI' in env) return false
  return (stderr.columns ?? assumedColumns) >= fewestColumns
}

export function createSpinner(context: CliContext): Spinner {
  const { stderr: stream, env } = context
  keepUsable(stream)
  const isColored = (env['NO_COLOR'] ?? '') === ''
  const color = isColored ? {} : { color: false as const }
  // Ctrl-C is ours to handle: the spinner must not swallow it.
  const spinner = ora({ stream, discardStdin: false, isEnabled: true, ...color })
  return {
    start: (text) => void spinner.start(text),
    keep: (symbol, text) => void spinner.stopAndPersist({ symbol, text }),
    stop: () => void (spinner.isSpinning && spinner.stop()),
  }
}

/**
 * The spinner divides by the width of the terminal, which is 0 in some pseudo-terminals and can become so: it would
 * clear lines without end.
 */
function keepUsable(stream: CliContext['stderr']): void {
  let columns = stream.columns
  Object.defineProperty(stream, 'columns', {
    configurable: true,
    enumerable: true,
    get: () => (columns !== undefined && columns >= fewestColumns ? columns : assumedColumns),
    set: (value: number | undefined) => {
      columns = value
    },
  })
}
