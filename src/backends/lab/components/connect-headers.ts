import { randomBytes } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http2'
import type { Socket } from 'node:net'
import { parseSpiffe } from '../../../plan/spiffe.ts'

/**
 * The headers that ztunnel puts on a CONNECT. `host` is the service that the application meant.
 * Source: ztunnel `src/proxy/outbound.rs` create_hbone_request, build_forwarded; `src/proxy.rs` TraceParent.
 */
export function connectHeaders(app: Socket, serviceAuthority: string, baggage: string): OutgoingHttpHeaders {
  const host = serviceAuthority.slice(0, serviceAuthority.lastIndexOf(':'))
  return {
    baggage,
    forwarded: `for="${app.remoteAddress}:${app.remotePort}";host=${host}`,
    traceparent: traceParent(),
  }
}

/** A new W3C trace context: the same for both tunnels of one application connection. */
function traceParent(): string {
  const id = randomBytes(24).toString('hex')
  return `00-${id.slice(0, 32)}-${id.slice(32)}-00`
}

/** Who a workload is, in the keys that ztunnel uses. A lab knows no deployments, so a pod is named. */
export function workloadBaggage(spiffe: string, podName: string): string {
  const id = parseSpiffe(spiffe)
  const namespace = id ? `k8s.namespace.name=${id.namespace},` : ''
  const service = id ? `,service.name=${id.serviceAccount}` : ''
  return `${namespace}k8s.pod.name=${podName}${service}`
}
