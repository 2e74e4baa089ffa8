import type { AnswerCount } from '../agent/protocol.ts'
import { plural } from '../plural.ts'
import type { PathEvidence } from '../results/schema.ts'
import { pathLabel, sameComponents } from '../topology/component.ts'
import type { Component, PathRuleResult } from '../topology/model.ts'
import { likelyCause } from './likely-cause.ts'
import { forwardedFor, tracePath, type Stop, type TraceSubject } from './trace.ts'
import type { EvidenceWindow } from './window.ts'

export interface PathObservation {
  readonly path: string
  readonly rule: Extract<PathRuleResult, { possible: true }>
  readonly subject: TraceSubject
  /** Name of the pod that must answer. */
  readonly serverPod: string
  /** What the client counted in the window. */
  readonly answeredBy: readonly AnswerCount[]
  /** Application payload bytes that the client wrote in the window. */
  readonly bytesSent: number
}

/**
 * Compares what was seen of one path in one window with what the path rule says.
 * `proven`: every expected component, and no other, carried the bytes, and the right pod gave every answer.
 * `mismatch`: something else was seen. `unproven`: the trail is incomplete and nothing contradicts the rule.
 */
export function judgePath(observation: PathObservation, window: EvidenceWindow): PathEvidence {
  const { rule, subject } = observation
  const trace = tracePath(subject, window)
  const observed = trace.stops.map((stop) => stop.component)
  const wrong: string[] = []
  const missing: string[] = []

  if (trace.complete && !sameComponents(observed, rule.components)) {
    wrong.push(...describeDifference(rule.components, observed))
  } else if (!trace.complete) {
    const followed = observed.every((c, i) => sameComponents([c], rule.components.slice(i, i + 1)))
    ;(followed ? missing : wrong).push(
      `the trail ends after ${pathLabel(observed)}, expected ${pathLabel(rule.components)}`,
    )
    if (!followed) wrong.push(...causeLine(rule.components, observed))
  }
  if (trace.complete && trace.protocol !== rule.protocol) {
    wrong.push(`expected protocol ${rule.protocol}, observed ${trace.protocol ?? 'none'}`)
  }
  for (const { kind, message } of trace.gaps)
    (kind === 'fork' || kind === 'impostor' ? wrong : missing).push(message)
  if (
    !rule.components.some((c) => c.kind === 'east-west-gateway') &&
    forwardedFor(subject, window).length > 0
  ) {
    wrong.push('a gateway carried traffic of this path, which must not use one')
  }
  wrong.push(...wrongAnswers(observation), ...thinStops(observation, trace.stops))

  const served = window.served.get(observation.serverPod)?.[observation.path]
  if (observation.answeredBy.length === 0) missing.push('no response was received')
  return {
    path: observation.path,
    verdict: wrong.length > 0 ? 'mismatch' : missing.length > 0 ? 'unproven' : 'proven',
    observed,
    observedProtocol: trace.complete ? trace.protocol : null,
    hops: trace.stops.map(hopOf),
    answeredBy: [...observation.answeredBy],
    ...(served === undefined ? {} : { served }),
    reasons: [...wrong, ...missing],
  }
}

function describeDifference(expected: readonly Component[], observed: readonly Component[]): string[] {
  return [
    `expected ${expected.length} components: ${pathLabel(expected)}`,
    `observed ${observed.length} components: ${pathLabel(observed)}`,
    ...causeLine(expected, observed),
  ]
}

function causeLine(expected: readonly Component[], observed: readonly Component[]): string[] {
  const cause = likelyCause(expected, observed)
  return cause === undefined ? [] : [`likely cause: ${cause}`]
}

function wrongAnswers({ answeredBy, subject, serverPod }: PathObservation): string[] {
  return answeredBy
    .filter((a) => a.cluster !== subject.server.cluster || a.pod !== serverPod)
    .map(
      (a) =>
        `${plural(a.count, 'response')} came from ${a.pod} in ${a.cluster}, expected ${serverPod} in ${subject.server.cluster}; ` +
        'likely cause: the service has endpoints in another cluster',
    )
}

/** A component that counted fewer bytes than the client sent did not carry all of the path. */
function thinStops({ bytesSent, answeredBy }: PathObservation, stops: readonly Stop[]): string[] {
  // What nobody answers may as well have been lost.
  const rest =
    answeredBy.length > 0 ? 'part of the traffic went another way' : 'the rest was lost, or went another way'
  return stops
    .flatMap(({ component, flow }) => {
      const bytesUp = flow?.bytesUp ?? flow?.sharedBytesUp
      return bytesUp === undefined ? [] : [{ component, bytesUp }]
    })
    .filter(({ bytesUp }) => bytesUp < bytesSent)
    .map(
      ({ component, bytesUp }) =>
        `${pathLabel([component])} carried ${bytesUp} bytes of the ${bytesSent} that the client sent: ${rest}`,
    )
}

function hopOf({ component, flow }: Stop): PathEvidence['hops'][number] {
  if (!flow) return { component }
  const { source, upstream, connections } = flow
  const bytesUp = flow.bytesUp ?? flow.sharedBytesUp
  const bytesDown = flow.bytesDown ?? flow.sharedBytesDown
  return {
    component,
    source,
    upstream,
    connections,
    ...(flow.sourceIdentity === undefined ? {} : { sourceIdentity: flow.sourceIdentity }),
    ...(flow.requested === undefined ? {} : { requested: flow.requested }),
    ...(bytesUp === undefined ? {} : { bytesUp }),
    ...(bytesDown === undefined ? {} : { bytesDown }),
  }
}
