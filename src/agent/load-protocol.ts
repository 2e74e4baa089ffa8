import type { DriverLoad } from './drivers/drivers.ts'
import type { GeneratorHealth, PathSample, Target } from './protocol.ts'

/**
 * Lines to `agent load`. `open` connects the driver to its targets (persistent connections where the profile has
 * them) and is answered by `opened`; each `turn` sends load for `durationMs` and is answered by one `turn` line;
 * `close` ends all connections and is answered by `closed`; end of input closes everything and exits.
 */
export type LoadRequest =
  | {
      readonly type: 'open'
      readonly version: number
      readonly load: DriverLoad
      readonly targets: readonly Target[]
      /** For connecting, and again for each response. */
      readonly timeoutMs: number
      /**
       * What counts as a correct response. `echo` (default): status 200, a body of `responseBytes`, and the names of
       * who answered. `status`: any status from 200 to 299, for endpoints that are not ours.
       */
      readonly check?: 'echo' | 'status' | undefined
      /**
       * Tell two random halves of the requests of a path apart: what they differ by is the path's own noise. Nothing is
       * sent for it, so it cannot change what is measured.
       */
      readonly halves?: boolean | undefined
    }
  | {
      readonly type: 'turn'
      readonly id: number
      /** Seeds the order in which paths are visited. */
      readonly seed: number
      /** Of all paths together: profiles that visit paths one after the other give each an equal share. */
      readonly durationMs: number
      /** To warm up: all connections send at once. What comes back is no measurement. */
      readonly flood?: boolean | undefined
    }
  | { readonly type: 'close' }

/** What `agent load` writes. */
export type LoadMessage =
  | { readonly type: 'opened'; readonly version: number; readonly node: string }
  | {
      readonly type: 'turn'
      readonly id: number
      readonly samples: readonly PathSample[]
      readonly health: GeneratorHealth
    }
  | { readonly type: 'closed' }
  | { readonly type: 'error'; readonly message: string }
