import { z } from 'zod'
import { readJson, type Reading } from '../../../../evidence/reading.ts'

/** A connection that the gateway carries or carried to a server's ztunnel. */
export interface ForwardedConnection {
  readonly isOver: boolean
  /** `ip:port` of the gateway's own end: what the server's ztunnel sees as its source. Absent where none was made. */
  readonly local: string | undefined
  /** `ip:port` of who opened the outer tunnel. */
  readonly source: string
  /** SPIFFE id that the outer tunnel proved. */
  readonly peer: string | undefined
  /** CONNECT authority of the outer tunnel. */
  readonly authority: string
  readonly upstream: string | undefined
  /** Client to server. */
  readonly bytesUp: number
  readonly bytesDown: number
  /** Envoy's response flags, e.g. `UF` for an upstream that cannot be reached; absent when all went well. */
  readonly flags: string | undefined
}

const text = z.string().nullish()
const fields = z.object({
  type: z.string(),
  source: z.string(),
  peer: text,
  authority: z.string(),
  upstream: text,
  local: text,
  up: z.coerce.number().int().nonnegative(),
  down: z.coerce.number().int().nonnegative(),
  flags: text,
})

/** One line of the log that our own bootstrap asks for; undefined for a line of Envoy's other words. */
export function parseForwarded(line: string): Reading<ForwardedConnection> | undefined {
  if (!line.startsWith('{')) return undefined
  const read = readJson("a line of Envoy's access log", line, fields)
  if (!read.ok) return read
  const { type, source, peer, authority, upstream, local, up, down, flags } = read.value
  const value: ForwardedConnection = {
    isOver: type !== 'TcpUpstreamConnected',
    local: given(local),
    source: unquoted(source),
    peer: given(peer),
    authority: unquoted(authority),
    upstream: given(upstream),
    bytesUp: up,
    bytesDown: down,
    flags: given(flags),
  }
  return { ok: true, value }
}

/** Envoy writes `-` for what there is not. */
function given(value: string | null | undefined): string | undefined {
  return value === undefined || value === null || value === '-' || value === '' ? undefined : unquoted(value)
}

/** Strings of the filter state come as JSON within JSON from some versions. */
function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}
