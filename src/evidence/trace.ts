import type { Component, Protocol } from '../topology/model.ts'
import type { Flow, ComponentFlows } from './flow.ts'
import { hostOf } from './reading.ts'
import type { EvidenceWindow } from './window.ts'

/** What is known of a path beside the flows: who dials, what, and who owns which address. */
export interface TraceSubject {
  readonly client: Component
  readonly server: Component
  /** `ip:port` that the client application dials. */
  readonly target: string
  /** `ip:port` of the server application. */
  readonly serverAddress: string
  /** Addresses from which the client's traffic can appear: its pod, then its node. */
  readonly clientAddresses: readonly string[]
  /** IP addresses of further pods of the same client: what comes from there is not of this pod. */
  readonly otherClients?: readonly string[] | undefined
  /** Ends of the SPIFFE id that the client's connections carry, e.g. `/sa/client-east-1-n1`. */
  readonly clientIdentitySuffix: string
  readonly owners: ReadonlyMap<string, Component>
}

/** One stop of the traffic: the component and the flow by which it was seen there. */
export interface Stop {
  readonly component: Component
  readonly instance?: string | undefined
  readonly flow?: Flow | undefined
}

export interface Trace {
  /** In the order in which a request visits them; ends early where the trail ends. */
  readonly stops: readonly Stop[]
  readonly protocol: Protocol | null
  readonly complete: boolean
  readonly gaps: readonly Gap[]
}

/** Why the trail ended or forked. */
export interface Gap {
  /**
   * `fork`: traffic of the path went several ways, `impostor`: it went under another identity. Both contradict any rule;
   * the others are only not known.
   */
  readonly kind: 'unowned' | 'unseen' | 'fork' | 'impostor'
  readonly message: string
}

interface Sighting {
  readonly entry: ComponentFlows
  readonly flow: Flow
}

const maxStops = 12

/**
 * Follows a path through what the components saw: from the address that the client dialled to whoever owns it,
 * then to the address which that component dialled for this client and server, until the server application.
 */
export function tracePath(subject: TraceSubject, window: EvidenceWindow): Trace {
  const stops: Stop[] = [{ component: subject.client }]
  const gaps: Gap[] = []
  const there = sightings(window, 'outbound').filter(
    ({ entry, flow }) =>
      samePlace(entry.component, subject.client) &&
      flow.requested === subject.target &&
      !isAnotherPods(subject, flow),
  )
  const own = there.filter(({ flow }) => isClient(subject, flow))
  const captured = own.length > 0 ? own : there
  let dialled = subject.target
  let protocol: Protocol = 'TCP'
  const outbound = busiest(captured)
  if (outbound) {
    stops.push(stopOf(outbound))
    protocol = outbound.flow.protocol
    dialled = outbound.flow.upstream
    noteFork(captured, 'the client ztunnel', gaps)
    if (own.length === 0) {
      const message = `the client ztunnel sent this path as ${outbound.flow.sourceIdentity}, which is not the client`
      gaps.push({ kind: 'impostor', message })
    }
  }

  while (stops.length < maxStops) {
    const owner = subject.owners.get(dialled)
    if (owner?.kind === 'server-pod') {
      stops.push({ component: owner })
      return { stops: withoutRepeats(stops), protocol, complete: true, gaps }
    }
    if (!owner) {
      const by = outbound ? 'the last component' : 'the client, uncaptured,'
      gaps.push({
        kind: 'unowned',
        message: `${by} dialled ${dialled}, which no component of the testbed owns`,
      })
      break
    }
    const reached = onward(subject, window, owner)
    const candidates = reached.filter(({ flow }) => isClient(subject, flow))
    const next = busiest(candidates)
    if (!next) {
      stops.push({ component: owner })
      gaps.push(gapAt(dialled, subject, reached))
      break
    }
    noteFork(candidates, owner.kind, gaps)
    stops.push(stopOf(next))
    dialled = next.flow.upstream
  }
  return { stops: withoutRepeats(stops), protocol, complete: false, gaps }
}

/** Flows of this client to this server that a gateway or load balancer carried; empty on a direct path. */
export function forwardedFor(subject: TraceSubject, window: EvidenceWindow): readonly Component[] {
  return sightings(window, 'forward')
    .filter(({ entry, flow }) => entry.component.kind === 'east-west-gateway' && leadsTo(subject, flow))
    .filter(({ flow }) => isClient(subject, flow))
    .map(({ entry }) => entry.component)
}

/** Nobody saw the client; what came from its pod or node to its server all the same came under another identity. */
function gapAt(dialled: string, { clientAddresses }: TraceSubject, reached: readonly Sighting[]): Gap {
  const other = reached.find(({ flow }) => clientAddresses.includes(flow.source))?.flow.sourceIdentity
  return other === undefined
    ? { kind: 'unseen', message: `${dialled} was dialled, but its owner saw no traffic of this path` }
    : {
        kind: 'impostor',
        message: `${dialled} was dialled from the client's pod or node as ${other}, which is not the client`,
      }
}

/** Flows of a component that lead to this server, whoever they are of. */
function onward(subject: TraceSubject, window: EvidenceWindow, owner: Component): Sighting[] {
  const direction = owner.kind === 'ztunnel' ? 'inbound' : 'forward'
  return sightings(window, direction).filter(({ entry, flow }) => {
    if (entry.component.kind !== owner.kind || !samePlace(entry.component, owner)) return false
    // Another variant's stands at the same place, and what reached it was not sent to this address.
    if (entry.component.variant !== owner.variant) return false
    if (isAnotherPods(subject, flow)) return false
    // A plain TCP proxy knows neither identities nor the final destination, only who connected.
    if (owner.kind === 'load-balancer') return subject.clientAddresses.includes(flow.source)
    return owner.kind === 'ztunnel' ? flow.upstream === subject.serverAddress : leadsTo(subject, flow)
  })
}

/** A gateway dials the server's pod, whichever port its ztunnel listens on. */
function leadsTo(subject: TraceSubject, flow: Flow): boolean {
  return hostOf(flow.upstream) === hostOf(subject.serverAddress)
}

function isClient(subject: TraceSubject, flow: Flow): boolean {
  return flow.sourceIdentity === undefined
    ? true // an engine that does not tell: the other conditions have to do
    : flow.sourceIdentity.endsWith(subject.clientIdentitySuffix)
}

function isAnotherPods({ otherClients }: TraceSubject, flow: Flow): boolean {
  return otherClients?.includes(flow.source) === true
}

function sightings(window: EvidenceWindow, direction: Flow['direction']): Sighting[] {
  return window.components.flatMap((entry) =>
    entry.flows.filter((flow) => flow.direction === direction).map((flow) => ({ entry, flow })),
  )
}

function busiest(found: readonly Sighting[]): Sighting | undefined {
  return found.toSorted((a, b) => weight(b.flow) - weight(a.flow))[0]
}

function weight(flow: Flow): number {
  return (flow.bytesUp ?? 0) + (flow.bytesDown ?? 0) + flow.connections
}

/** Two upstreams for one path in one window: part of the traffic went another way. */
function noteFork(found: readonly Sighting[], who: string, gaps: Gap[]): void {
  const upstreams = [...new Set(found.map(({ flow }) => flow.upstream))]
  if (upstreams.length <= 1) return
  const message = `${who} sent this path to several addresses: ${upstreams.join(', ')}`
  gaps.push({ kind: 'fork', message })
}

function stopOf({ entry, flow }: Sighting): Stop {
  return { component: entry.component, instance: entry.instance, flow }
}

/** One process that plays both ztunnel roles is one component; two processes on one node are two. */
function withoutRepeats(stops: readonly Stop[]): Stop[] {
  return stops.filter((stop, i) => {
    const previous = stops[i - 1]
    return !(previous?.instance !== undefined && previous.instance === stop.instance)
  })
}

function samePlace(a: Component, b: Component): boolean {
  return a.cluster === b.cluster && (a.node === undefined || b.node === undefined || a.node === b.node)
}
