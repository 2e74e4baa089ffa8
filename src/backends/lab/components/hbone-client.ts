import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { keepPinging } from './ping.ts'
import { TunnelError } from './tunnel-error.ts'
import {
  clientMaxHeaderBytes,
  connectionWindowBytes,
  maxFrameBytes,
  maxSessionMemoryMb,
  poolMaxStreams,
  streamWindowBytes,
} from './wire.ts'

/** Starts HTTP/2 on an mTLS connection with ztunnel's client settings. */
export function openSession(socket: TLSSocket): ClientHttp2Session {
  // The URL is never sent: CONNECT has neither scheme nor path, and every request brings its own authority.
  const session = connect('https://hbone', {
    createConnection: () => socket,
    settings: {
      enablePush: false,
      initialWindowSize: streamWindowBytes,
      maxFrameSize: maxFrameBytes,
      maxHeaderListSize: clientMaxHeaderBytes,
    },
    peerMaxConcurrentStreams: poolMaxStreams,
    maxSessionMemory: maxSessionMemoryMb,
  })
  session.on('error', () => {}) // also shows as `close`, and at each of its streams
  session.once('connect', () => session.setLocalWindowSize(connectionWindowBytes))
  keepPinging(session)
  return session
}

/**
 * Opens one CONNECT stream and waits for its answer. The stream comes back paused: nothing that arrives is lost
 * before somebody listens.
 * @throws TunnelError when the answer is not 200 or there is none.
 */
export async function openConnect(
  session: ClientHttp2Session,
  authority: string,
  headers: OutgoingHttpHeaders,
): Promise<ClientHttp2Stream> {
  const stream = session.request(
    { ...headers, ':method': 'CONNECT', ':authority': authority },
    { endStream: false },
  )
  stream.pause()
  return await new Promise((resolve, reject) => {
    let failure: Error | undefined
    const closed = () =>
      reject(failure ?? new TunnelError(`CONNECT was closed with code ${stream.rstCode ?? 'none'}`))
    stream.on('error', (error: Error) => (failure = error))
    stream.once('close', closed)
    stream.once('response', ({ ':status': status }) => {
      stream.off('close', closed)
      if (status === constants.HTTP_STATUS_OK) return resolve(stream)
      stream.close(constants.NGHTTP2_CANCEL)
      reject(new TunnelError(`CONNECT answered ${status}`))
    })
  })
}
