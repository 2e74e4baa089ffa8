/**
 * What hopmeter and the agent say to each other. The agent reads one JSON object per line on stdin and
 * answers with one JSON object per line on stdout, so that it is the same behind `nsenter` and `kubectl exec -i`.
 * This file has types and constants only: the agent knows nothing of the rest of hopmeter, the rest imports this.
 */

export const agentProtocolVersion = 1

/** Response headers by which every response names who answered. */
export const answerHeaders = { cluster: 'x-hopmeter-cluster', pod: 'x-hopmeter-pod' } as const
/** Request header that names the path, so that the server can count what it served per path. */
export const pathHeader = 'x-hopmeter-path'
/** Request header that asks for a response body of this many bytes. */
export const responseBytesHeader = 'x-hopmeter-response-bytes'

/** First line to `agent serve`. */
export interface ServeConfig {
  readonly type: 'serve'
  readonly version: number
  readonly host: string
  readonly port: number
  readonly cluster: string
  readonly pod: string
  readonly faults?: ServeFaults | undefined
  /** What requests of these paths meet instead of `faults`: one server, whose paths differ in nothing else. */
  readonly faultsByPath?: Readonly<Record<string, ServeFaults>> | undefined
}

/** Known delays and closed connections, for calibration and tests. A server without them answers at once. */
export interface ServeFaults {
  /** Every reply waits this long after its request was complete. */
  readonly delayUs?: number | undefined
  /** The first reply of each connection waits this much longer. */
  readonly firstRequestDelayUs?: number | undefined
  /** Replies that fall due in the first `forMs` of every `everyMs` wait until that window is over. */
  readonly stall?: { readonly everyMs: number; readonly forMs: number } | undefined
  /** The server closes a connection (FIN, without notice) after this many replies on it. */
  readonly finEvery?: number | undefined
}

/** Later lines to `agent serve`: asks for the counters. */
export interface ServeStatsRequest {
  readonly type: 'stats'
}

/** What `agent serve` writes. `served` counts complete responses per path name since the start. */
export type ServeMessage =
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  | {
      readonly type: 'stats'
      /** Requests that name no path are answered but not counted. */
      readonly served: Readonly<Record<string, number>>
      /** Connections that are open now. */
      readonly connections: number
      /** Remote IP addresses connected now or at any time since the last stats request, without ports. */
      readonly peers: readonly string[]
    }
  | { readonly type: 'error'; readonly message: string }

/** One path as the load side sees it: where to send. */
export interface Target {
  readonly path: string
  readonly host: string
  readonly port: number
  /** HTTP request target, `/` unless told otherwise. */
  readonly httpPath?: string | undefined
  /** HTTP Host header or `:authority`, `host:port` unless told otherwise. */
  readonly authority?: string | undefined
  /** Program that runs `agent dial` in the network from which this target is dialled; absent: the agent's own. */
  readonly dialer?: readonly string[] | undefined
  /** Value of the HTTP Authorization header; none unless given. Never part of what the agent says. */
  readonly authorization?: string | undefined
}

/** Who answered, and how often, within one turn. */
export interface AnswerCount {
  readonly cluster: string
  readonly pod: string
  readonly count: number
}

/** Histograms are HDR V2 compressed base64, values in nanoseconds, 3 significant digits. */
export interface PathSample {
  readonly path: string
  /** Place of this path in the order of the turn (0-based); for request-by-request shuffles always 0. */
  readonly order: number
  /**
   * Requests begun: written, or due and given up because no connection came to be. Each ends in exactly one way:
   * `sent = received + bad + errors + lost`.
   */
  readonly sent: number
  /** Complete, correct responses, cold ones included. */
  readonly received: number
  /** Answers with a status other than 200, a wrong body, or bytes that are no answer. */
  readonly bad: number
  /** Requests that got no connection, or no answer in time. */
  readonly errors: number
  /** Requests whose connection was closed or reset before the answer was complete. */
  readonly lost: number
  /** Connections opened again after the first. */
  readonly reconnects: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Requests on a connection that has answered before. */
  readonly warm: string
  /** The same for each random half of them by itself, where the driver was opened with `halves`. */
  readonly halves?: readonly [string, string] | undefined
  /** First request of each connection (empty histogram when none was opened in this turn). */
  readonly cold: string
  /** Further histograms by name: `lag` and `response` (open), `connect`, `firstByte` and `wait` (connect). */
  readonly extra: Readonly<Record<string, string>>
  /** Further counts by name: `intended`, `backlog` and `unsent` (open), `gaveUp` (closed). */
  readonly counters?: Readonly<Record<string, number>> | undefined
  readonly answeredBy: readonly AnswerCount[]
  readonly firstError?: string | undefined
}

/** The generator's own state over a turn. */
export interface GeneratorHealth {
  readonly wallMs: number
  readonly cpuMs: number
  /** 0 to 1. */
  readonly eventLoopUtilization: number
  /** Time spent runnable but not running, from /proc/self/schedstat; null where the kernel has none. */
  readonly runDelayNs: number | null
  readonly involuntarySwitches: number
}
