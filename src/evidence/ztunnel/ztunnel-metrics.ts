import { cannotRead, type Reading } from '../reading.ts'

/** Application bytes between one client and one service or server, since this ztunnel started. */
export interface CountedBytes {
  readonly reporter: 'source' | 'destination'
  readonly sourceIdentity: string
  /** Host name of the service, or `unknown`. */
  readonly service: string
  readonly destinationIdentity: string
  /** Client to server. */
  readonly bytesUp: number
  readonly bytesDown: number
}

const sample = /^(?<name>istio_tcp_(?:received|sent)_bytes_total)\{(?<labels>.*)\}\s+(?<value>\S+)/
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g

/**
 * ztunnel's byte counters (port 15020), which count open connections, too. "received" is what the server received, at
 * both ends. Source: ztunnel `src/proxy/metrics.rs`, istio/istio#32399; seen so with 1.31.0-rc.0.
 */
export function parseCountedBytes(text: string): Reading<readonly CountedBytes[]> {
  if (!/^# EOF$/m.test(text)) return cannotRead("ztunnel's metrics", 'they are not complete OpenMetrics text')
  const sums = new Map<string, CountedBytes>()
  for (const line of text.split('\n')) {
    const groups = sample.exec(line)?.groups
    if (!groups) continue
    const labels = new Map(
      [...(groups['labels'] ?? '').matchAll(label)].map(([, key, value]) => [key, value]),
    )
    const reporter = labels.get('reporter')
    const value = Number(groups['value'])
    if ((reporter !== 'source' && reporter !== 'destination') || !Number.isFinite(value) || value < 0)
      continue
    const of = (name: string) => labels.get(name) ?? 'unknown'
    const ends = {
      reporter,
      sourceIdentity: of('source_principal'),
      service: of('destination_service'),
      destinationIdentity: of('destination_principal'),
    } as const
    const key = JSON.stringify(ends)
    const sum = sums.get(key) ?? { ...ends, bytesUp: 0, bytesDown: 0 }
    const isUp = groups['name'] === 'istio_tcp_received_bytes_total'
    sums.set(key, {
      ...sum,
      bytesUp: sum.bytesUp + (isUp ? value : 0),
      bytesDown: sum.bytesDown + (isUp ? 0 : value),
    })
  }
  return { ok: true, value: [...sums.values()] }
}

const closedSample = /^istio_tcp_connections_closed_total(?:\{.*\})?\s+(\d+(?:\.\d+)?(?:e\+?\d+)?)\b/gm

/** Connections that it counted as over since its start: as many lines has its access log. */
export function parseClosedConnections(text: string): number {
  return [...text.matchAll(closedSample)].reduce((sum, [, value]) => sum + Number(value), 0)
}
