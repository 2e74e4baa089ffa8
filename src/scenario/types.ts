import type { RouteMode } from './route-modes.ts'
import type { Load } from '../load/profiles.ts'
import type { Mesh, Placement, Topology } from '../topology/model.ts'

/** Round-trip delay between two networks. */
export interface Delay {
  readonly between: readonly [string, string]
  readonly rttMs: number
}

/** The component count that a path must have, or `unreachable` when it must not exist. */
export type Expectation = 2 | 3 | 4 | 5 | 6 | 'unreachable'

export interface ScenarioPath {
  readonly name: string
  readonly client: Placement
  readonly server: Placement
  readonly mesh: Mesh
  readonly expect: Expectation
}

export interface RoundPlan {
  /** Rounds of each restart. */
  readonly count: number
  readonly durationMs: number
  /** Load sent and thrown away after each start, at least. */
  readonly warmupMs: number
  /** How often the testbed is stood up anew. */
  readonly builds: number
  /** Starts of all programs in each build, the first included. */
  readonly restarts: number
}

/** A validated scenario with every default filled in. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly topology: Topology
  readonly routeMode: RouteMode
  readonly delays: readonly Delay[]
  readonly paths: readonly ScenarioPath[]
  readonly loads: readonly Load[]
  readonly rounds: RoundPlan
}

/** A scenario together with the text it came from, which results keep. */
export interface ScenarioFile {
  readonly scenario: Scenario
  /** File path or built-in name, for messages. */
  readonly source: string
  readonly text: string
  /** `sha256:<hex>` of the text. */
  readonly hash: string
}
