import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { KindNodes } from '../cluster/kind-nodes.ts'

/** A route as `ip -json route show` prints it. */
export interface RouteLine {
  readonly type?: string
  readonly dst: string
  readonly gateway?: string
  readonly dev?: string
}

/** A route that a node is to have. */
export interface WantedRoute {
  readonly dst: string
  /** Absent: packets are refused, so that no other way (Docker's host forwards) leads there. */
  readonly via?: string | undefined
  readonly dev?: string | undefined
}

/** Every route of a node. @throws CommandError */
export function readRoutes(
  nodes: KindNodes,
  node: string,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly RouteLine[]> {
  return nodes.json(node, ['ip', '-json', '-4', 'route', 'show'], context)
}

export function sameRoute(want: WantedRoute, line: RouteLine): boolean {
  if (line.dst !== want.dst) return false
  if (want.via === undefined) return line.type === 'unreachable'
  return line.gateway === want.via && (want.dev === undefined || line.dev === want.dev)
}

export function routeText({ dst, via, dev }: WantedRoute): string {
  if (via === undefined) return `unreachable ${dst}`
  return dev === undefined ? `${dst} via ${via}` : `${dst} via ${via} dev ${dev} onlink`
}
