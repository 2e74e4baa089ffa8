import type { BackendContext, Command, Step } from '../../backend.ts'

/** What a step may use while it runs. */
export type StepContext = Omit<BackendContext, 'failureFolder'>

/**
 * An idempotent action. `commands` is what `plan` prints, without touching anything; `isDone` only reads; `run` does
 * it. A second `up` calls `isDone` only, when everything is as it should be.
 */
export interface KubeStep extends Step {
  readonly isDone: (context: StepContext) => Promise<boolean>
  readonly run: (context: StepContext) => Promise<void>
}

/** Steps that may run side by side; phases follow each other. */
export type Phase = readonly KubeStep[]

/** A waited-for state: polled until it holds or its own deadline passes, then explained. */
export interface Readiness {
  readonly name: string
  readonly deadlineMs: number
  /** Null when ready, else what is still missing, for the progress line. */
  readonly check: (context: StepContext) => Promise<string | null>
  /** Whether waiting on is in vain, although the deadline has not passed. */
  readonly isHopeless?: (missing: string, waitedMs: number) => boolean
  /** Why it most often does not become ready, in words that name the remedy. */
  readonly explain: (lastMissing: string) => string
}

/** A step that only looks: what it finds wrong is somebody else's to repair. */
export function checkStep(
  name: string,
  commands: readonly Command[],
  check: (context: StepContext) => Promise<void>,
): KubeStep {
  return {
    name,
    commands,
    isDone: async (context) => {
      await check(context)
      return true
    },
    run: check,
  }
}
