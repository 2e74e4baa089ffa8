import type { Quiet } from '../backend.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { Session } from './session/session.ts'
import type { StepContext } from './steps/step.ts'
import type { Toolbox } from './tools/toolbox.ts'

export interface QuietParts {
  readonly tools: Toolbox
  readonly session: Session
  readonly clusters: readonly Cluster[]
}

/** Control planes that can be held still, for as long as a testbed is in use. */
export interface QuietClusters extends Quiet {
  /** Waits until clusters are as they were before they were held still. @throws HopmeterError */
  settle(signal: AbortSignal): Promise<void>
  /** Lets everything run, and gives up the means to hold it still. Never throws. */
  close(): Promise<void>
}

/** How the owner of clusters holds their control planes still. */
export type MakeQuiet = (parts: QuietParts, context: StepContext) => QuietClusters
