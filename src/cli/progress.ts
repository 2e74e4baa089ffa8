import type { Reporter } from '../measure/reporter.ts'
import type { PathEvidence, RoundEvent } from '../results/schema.ts'
import { formatDuration } from '../scenario/duration.ts'
import { oneLine, say, type CliContext } from './context.ts'
import { createSpinner, hasMovingLine } from './spinner.ts'

/** Live progress on standard error: one moving line on a terminal, plain lines elsewhere. */
export interface Progress extends Reporter {
  stop(): void
}

export function createProgress(
  context: CliContext,
  options: { readonly quiet?: boolean | undefined } = {},
): Progress {
  if (options.quiet) return silent
  return hasMovingLine(context) ? movingLine(context) : plainLines(context)
}

const silent: Progress = { step() {}, proven() {}, round() {}, note() {}, stop() {} }

function movingLine(context: CliContext): Progress {
  const spinner = createSpinner(context)
  const startedAt = performance.now()
  return {
    step: (message) => spinner.start(oneLine(message)),
    proven: (evidence) => spinner.keep('✔', provenText(evidence)),
    round: (event, progress) => spinner.start(roundText(event, progress)),
    note: (level, message) => spinner.keep(level === 'info' ? 'ℹ' : '⚠', oneLine(message)),
    stop: () => {
      spinner.stop()
      say(context, `took ${formatDuration(Math.round((performance.now() - startedAt) / 100) * 100)}`)
    },
  }
}

/** Logs and pipes: a line for each step and for about every tenth of the rounds. */
function plainLines(context: CliContext): Progress {
  let nextLine = 0
  return {
    step: (message) => say(context, oneLine(message)),
    proven: (evidence) => say(context, provenText(evidence)),
    round: (event, progress) => {
      if (progress.done < nextLine && progress.done < progress.total) return
      nextLine = progress.done + Math.max(1, Math.floor(progress.total / 10))
      say(context, roundText(event, progress))
    },
    note: (level, message) => say(context, `${level}: ${oneLine(message)}`),
    stop: () => {},
  }
}

function provenText(evidence: readonly PathEvidence[]): string {
  const wrong = evidence.filter((e) => e.verdict !== 'proven').map((e) => `${e.path}: ${e.verdict}`)
  const right = evidence.filter((e) => e.verdict === 'proven').map((e) => `${e.path} (${e.observed.length})`)
  return oneLine([`paths proven: ${right.join(', ') || 'none'}`, ...wrong].join('; '))
}

function roundText(event: RoundEvent, progress: Parameters<Reporter['round']>[1]): string {
  const hasOneLoad = new Set(event.paths.map((path) => path.load)).size === 1
  const nameOf = ({ path, load }: RoundEvent['paths'][number]) => (hasOneLoad ? path : `${path}/${load}`)
  const medians = event.paths
    .filter((path) => path.quantilesNs !== null)
    .map((path) => `${nameOf(path)} ${((path.quantilesNs?.p50 ?? 0) / 1000).toFixed(0)}`)
  const left = formatDuration(Math.ceil(progress.leftMs / 1000) * 1000)
  const flags = event.flags.length === 0 ? '' : ` [${event.flags.join(', ')}]`
  return oneLine(
    `round ${progress.done}/${progress.total}, ${left} left, p50 µs: ${medians.join(', ')}${flags}`,
  )
}

/** One moving line on a terminal; nothing elsewhere, where it would only fill a log. */
export function createLine(context: CliContext, quiet = false): { update(text: string): void; stop(): void } {
  if (quiet || !hasMovingLine(context)) return { update() {}, stop() {} }
  const spinner = createSpinner(context)
  return { update: (text) => spinner.start(oneLine(text)), stop: () => spinner.stop() }
}
