import type { Step } from '../../backend.ts'

/** A cluster of the scenario as Kubernetes tools reach it. Every call names both, so no other cluster is ever touched. */
export interface KubeCluster {
  /** Name in the scenario. */
  readonly name: string
  /** Own file (0600) under the state folder. */
  readonly kubeconfig: string
  readonly context: string
}

/** What a step may use while it runs. */
export interface StepContext {
  readonly signal: AbortSignal
  /** Details while a step lasts: what it waits for, and for how long. */
  readonly progress: (message: string) => void
  /** What must still be there to read when the next step starts; `progress` unless given. */
  readonly note?: ((message: string) => void) | undefined
}

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
