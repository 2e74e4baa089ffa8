import type { PathEvidence, RoundEvent } from '../results/schema.ts'

/** What a measurement tells whoever watches. Implementations must be quick: they run between rounds. */
export interface Reporter {
  /** A step of long work has started, e.g. "build 1/3: creating namespaces". */
  step(message: string): void
  /** Every path was shown to take the expected components. */
  proven(evidence: readonly PathEvidence[]): void
  round(
    event: RoundEvent,
    progress: { readonly done: number; readonly total: number; readonly leftMs: number },
  ): void
  note(level: 'info' | 'warning' | 'error', message: string): void
}

/** The same reporter, whose failures nobody notices: progress is never worth a run. */
export function harmless(reporter: Reporter): Reporter {
  const tried = (tell: () => void) => {
    try {
      tell()
    } catch {
      // whoever watches has lost sight; what is measured is kept all the same
    }
  }
  return {
    step: (message) => tried(() => reporter.step(message)),
    proven: (evidence) => tried(() => reporter.proven(evidence)),
    round: (event, progress) => tried(() => reporter.round(event, progress)),
    note: (level, message) => tried(() => reporter.note(level, message)),
  }
}
