import type { OutgoingHttpHeaders } from 'node:http2'
import { dial } from './dial.ts'
import { noteEnd, type FlowTable } from './flow-table.ts'
import { refuse, type ConnectRequest } from './hbone-server.ts'
import { relay } from './relay.ts'

/**
 * Answers a CONNECT by carrying its bytes to `upstream`, one new TCP connection per stream. The 200 goes out only
 * when that connection stands; otherwise 503.
 */
export async function forwardConnect(
  request: ConnectRequest,
  direction: 'inbound' | 'forward',
  upstream: string,
  flows: FlowTable,
  responseHeaders: OutgoingHttpHeaders,
): Promise<void> {
  const { stream, authority: requested, sourceIp: source, sourceIdentity } = request
  try {
    const socket = await dial(upstream)
    if (stream.destroyed || stream.closed) return void socket.destroy()
    stream.respond({ ':status': 200, ...responseHeaders })
    const key = { direction, protocol: 'HBONE', source, sourceIdentity, requested, upstream } as const
    const flow = flows.open(key)
    if (direction === 'forward') noteEnd(flow, socket)
    relay(stream, socket, flow)
  } catch (error) {
    flows.fail({ direction, source, requested, upstream }, error)
    refuse(stream, 503)
  }
}
