import type { OutgoingHttpHeaders } from 'node:http2'
import { dial } from './dial.ts'
import type { FlowTable } from './flow-table.ts'
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
    relay(
      stream,
      socket,
      flows.open({ direction, protocol: 'HBONE', source, sourceIdentity, requested, upstream }),
    )
  } catch (error) {
    flows.fail({ direction, source, requested, upstream }, error)
    refuse(stream, 503)
  }
}
