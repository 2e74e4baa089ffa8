import type { LabStep } from '../command.ts'
import type { LabLayout, LabNode } from '../layout.ts'
import type { PlannedProgram } from '../planned-program.ts'
import type { Tool } from '../tools.ts'

/** What a machine may lack for a way of routing. */
export type RouteNeed = 'vxlan' | 'bird'

/** One way of making the pods of other clusters reachable: `route-modes.ts` lists them. */
export interface LabRouteMode {
  readonly needs?: RouteNeed | undefined
  /** Programs beside those that every lab needs. */
  readonly tools?: readonly Tool[] | undefined
  /** By how much packets between clusters grow. */
  readonly overheadBytes?: number | undefined
  /** Nodes of other clusters that are themselves the next hop to their pods. */
  nextHops?(layout: LabLayout, node: LabNode): readonly LabNode[]
  /** Files for its programs. */
  configSteps?(layout: LabLayout): readonly LabStep[]
  /** Devices and routes; each step needs what the one before it made. */
  routeSteps?(layout: LabLayout, podMtu: number): readonly LabStep[]
  /** Programs that stay, and bring the routes. */
  readonly programs?: RoutePrograms | undefined
}

export interface RoutePrograms {
  /** e.g. `BIRD on each node`. */
  readonly what: string
  /** Each has started when the kernel has its routes. */
  readonly of: (layout: LabLayout) => readonly PlannedProgram<RunningRouteProgram>[]
}

export interface RunningRouteProgram {
  /** @throws EnvironmentError when it has ended. */
  assertRunning(): void
}
