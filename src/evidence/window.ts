import { flowKey, type ComponentFlows, type EvidenceSnapshot, type Flow } from './flow.ts'

/** What the components and servers saw between two readings. */
export interface EvidenceWindow {
  readonly components: readonly ComponentFlows[]
  /** Responses completed in the window, per server workload and path name. */
  readonly served: ReadonlyMap<string, Readonly<Record<string, number>>>
}

/** Subtracts two readings; flows that carried nothing in between are left out. */
export function evidenceWindow(before: EvidenceSnapshot, after: EvidenceSnapshot): EvidenceWindow {
  const earlier = new Map<string, Flow>()
  for (const { instance, flows } of before.components) {
    for (const flow of flows) earlier.set(keyOf(instance, flow), flow)
  }
  const components = after.components.map((entry) => ({
    ...entry,
    flows: entry.flows.flatMap((flow) => {
      const then = earlier.get(keyOf(entry.instance, flow))
      const since = flowSince(then, flow)
      return isActive(since, then) ? [since] : []
    }),
  }))
  const servedBefore = new Map(before.served.map((s) => [s.workload, s.byPath]))
  const served = new Map(
    after.served.map(({ workload, byPath }) => {
      const start = servedBefore.get(workload) ?? {}
      const entries = Object.entries(byPath).map(
        ([path, count]) => [path, count - (start[path] ?? 0)] as const,
      )
      return [workload, Object.fromEntries(entries)]
    }),
  )
  return { components, served }
}

function keyOf(instance: string, flow: Flow): string {
  return `${instance} ${flowKey(flow)}`
}

function flowSince(before: Flow | undefined, after: Flow): Flow {
  if (!before) return after
  const since = (now: number | undefined, then: number | undefined) =>
    now === undefined ? undefined : now - (then ?? 0)
  return {
    ...after,
    connections: after.connections - before.connections,
    bytesUp: since(after.bytesUp, before.bytesUp),
    bytesDown: since(after.bytesDown, before.bytesDown),
    ...(after.sharedBytesUp === undefined
      ? {}
      : {
          sharedBytesUp: since(after.sharedBytesUp, before.sharedBytesUp),
          sharedBytesDown: since(after.sharedBytesDown, before.sharedBytesDown),
        }),
  }
}

/** Where bytes are counted they decide; elsewhere a connection that was open is all there is to see. */
function isActive(flow: Flow, before: Flow | undefined): boolean {
  if (flow.bytesUp === undefined && flow.bytesDown === undefined) {
    return flow.open > 0 || flow.connections > 0 || (before?.open ?? 0) > 0
  }
  return (flow.bytesUp ?? 0) > 0 || (flow.bytesDown ?? 0) > 0 || flow.connections > 0
}
