import type { ComponentKind } from '../../topology/model.ts'
import type { Captions } from './frame.ts'
import type { Measured } from './quantity.ts'

export interface LadderPath {
  readonly name: string
  /** Number of components, both pods included; absent when the path does not exist. */
  readonly hops?: number | undefined
  /** Its components in the order of a request; drawn as chips under the name. */
  readonly chain?: readonly ComponentKind[] | undefined
  readonly p50Ns?: Measured | undefined
  readonly p99Ns?: Measured | undefined
  /** What this path costs more at p50 than the one before it, and by which component. */
  readonly step?:
    | {
        readonly addsNs: Measured
        /** The factor from the path before, with its interval in words: `×1.51 [1.49, 1.53]`. */
        readonly factor?: string | undefined
        readonly label: string
        /** The component that it adds; gives the step its colour. */
        readonly adds?: ComponentKind | undefined
        /** False where the difference has no verdict: drawn pale, and no part of the bar is its cost. */
        readonly isClear?: boolean | undefined
      }
    | undefined
  /** Why there is no value: `no valid round`, `unreachable, as expected`. */
  readonly note?: string | undefined
}

export interface LadderModel extends Captions {
  /** In hop order. */
  readonly paths: readonly LadderPath[]
}
