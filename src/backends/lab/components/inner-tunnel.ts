import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { openConnect, openSession } from './hbone-client.ts'
import { connectMtls } from './mtls.ts'
import type { Identity } from './protocol.ts'
import { lingerMs } from './wire.ts'

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
  lingerOnDestroy(outer)
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

/**
 * TLS destroys its transport as soon as its own side is closed, which would send RST_STREAM before the far end's
 * END_STREAM is there. Node's HTTP/2 servers take 33 of those per second and then drop the whole connection
 * (nghttp2's guard against rapid resets), so a stream that we ended is given time to end by itself.
 */
function lingerOnDestroy(outer: ClientHttp2Stream): void {
  const destroy = outer.destroy.bind(outer)
  outer.destroy = (error) => {
    if (error || outer.closed || !outer.writableEnded) return destroy(error)
    outer.resume() // nobody reads any more, and `end` comes after the last byte
    setTimeout(() => destroy(), lingerMs).unref()
    return outer
  }
}
