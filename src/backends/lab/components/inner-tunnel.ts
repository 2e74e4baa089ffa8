import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { openConnect, openSession } from './hbone-client.ts'
import { connectMtls } from './mtls.ts'
import type { Identity } from './protocol.ts'

/**
 * The inner tunnel of double HBONE: TLS and HTTP/2 of its own inside an outer CONNECT stream, end to end with the
 * server's ztunnel, for one application connection. ztunnel does not pool it, because each is to be load-balanced
 * anew by the gateway.
 * @throws when the far end is none of `serverSpiffe` or refuses; the outer stream is closed then.
 */
export async function openInnerTunnel(
  outer: ClientHttp2Stream,
  identity: Identity,
  serverSpiffe: readonly string[],
  authority: string,
  headers: OutgoingHttpHeaders,
): Promise<ClientHttp2Stream> {
  const session = openSession(await connectMtls(outer, identity, serverSpiffe))
  try {
    const stream = await openConnect(session, authority, headers)
    stream.once('close', () => session.close())
    return stream
  } catch (error) {
    session.destroy()
    throw error
  }
}
