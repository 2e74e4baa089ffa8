import { z } from 'zod'
import { cannotRead, type Reading } from '../reading.ts'

/** A connection that ztunnel has closed. */
export interface AccessLine {
  readonly direction: 'inbound' | 'outbound'
  /** `ip:port` of who opened it. */
  readonly source: string
  readonly sourceIdentity: string | undefined
  /** `ip:port` of the transport connection: of the peer's HBONE port, or of the application for plain TCP. */
  readonly destination: string
  /** `:authority` of the CONNECT; absent for plain TCP. */
  readonly hboneAddress: string | undefined
  /** Host name of the service, where one was addressed. */
  readonly service: string | undefined
  /** Application bytes, client to server. */
  readonly bytesUp: number
  readonly bytesDown: number
  readonly failed: boolean
}

const fields = z.object({
  message: z.string(),
  'src.addr': z.string(),
  'src.identity': z.string().optional(),
  'dst.addr': z.string(),
  'dst.hbone_addr': z.string().optional(),
  'dst.service': z.string().optional(),
  direction: z.enum(['inbound', 'outbound']),
  bytes_sent: z.coerce.number().int().nonnegative(),
  bytes_recv: z.coerce.number().int().nonnegative(),
  error: z.string().optional(),
})

const closedMessage = 'connection complete'
/** `ts<TAB>level<TAB>access<TAB>message<TAB>k=v …`; a time of the container runtime may stand in front. */
const textLine = /^[^\t]*\t\s*\w+\t(?<scope>[\w:]+)\t(?<message>[^\t]*)(?:\t(?<pairs>.*))?$/
const pair = /([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|\S+)/g

/**
 * One line of ztunnel's log, text or JSON. Undefined when it is about something else than a closed connection.
 * Source: ztunnel `src/proxy/metrics.rs` (access log), `src/telemetry.rs` (both forms).
 */
export function parseAccessLine(line: string): Reading<AccessLine> | undefined {
  const raw = line.includes('{') && !line.includes('\t') ? jsonFields(line) : textFields(line)
  if (raw?.['message'] !== closedMessage) return undefined
  const parsed = fields.safeParse(raw)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return cannotRead("a line of ztunnel's access log", `${issue?.path.join('.')}: ${issue?.message}`)
  }
  const f = parsed.data
  const isOutbound = f.direction === 'outbound'
  return {
    ok: true,
    value: {
      direction: f.direction,
      source: f['src.addr'],
      sourceIdentity: f['src.identity'],
      destination: f['dst.addr'],
      hboneAddress: f['dst.hbone_addr'],
      service: f['dst.service'],
      // "sent" is what this ztunnel sent towards the peer that it tells of: at the server that is the answer.
      bytesUp: isOutbound ? f.bytes_sent : f.bytes_recv,
      bytesDown: isOutbound ? f.bytes_recv : f.bytes_sent,
      failed: f.error !== undefined,
    },
  }
}

function jsonFields(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line.slice(line.indexOf('{')))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function textFields(line: string): Record<string, unknown> | undefined {
  const groups = textLine.exec(line)?.groups
  if (groups?.['scope'] !== 'access') return undefined
  const pairs = [...(groups['pairs'] ?? '').matchAll(pair)].map(([, key, value]) => [
    key,
    unquoted(value ?? ''),
  ])
  return { ...Object.fromEntries(pairs), message: groups['message'] }
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : value
}
