import {
  performServerHandshake,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Server } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { constants as cryptoConstants } from 'node:crypto'
import { listen } from './listen.ts'
import { keepPinging } from './ping.ts'
import type { Identity } from './protocol.ts'
import { spiffeOf } from './spiffe.ts'
import { parseSpiffe } from '../../../plan/spiffe.ts'
import {
  connectionWindowBytes,
  connectTimeoutMs,
  maxFrameBytes,
  maxSessionMemoryMb,
  serverMaxHeaderBytes,
  streamWindowBytes,
  tlsParameters,
} from './wire.ts'

/** A CONNECT request from a peer whose certificate has been checked. The stream has had no answer yet. */
export interface ConnectRequest {
  readonly stream: ServerHttp2Stream
  /** `:authority`, or empty when the method is not CONNECT. */
  readonly authority: string
  readonly headers: IncomingHttpHeaders
  readonly sourceIp: string
  readonly sourceIdentity: string
}

export interface HboneServerOptions {
  /** `ip:port`. */
  readonly address: string
  readonly identity: Identity
  readonly trustDomain: string
  readonly maxConcurrentStreams: number
  readonly onConnect: (request: ConnectRequest) => void
  /** A peer that did not get as far as HTTP/2. */
  readonly onRefused: (sourceIp: string, reason: unknown) => void
}

/**
 * Serves HBONE: mTLS with ztunnel's parameters, then HTTP/2. Peers whose certificate does not chain to our root, is
 * not of our trust domain or is missing are cut off before HTTP/2 starts.
 * @throws the listen error.
 */
export async function serveHbone(options: HboneServerOptions): Promise<Server> {
  const { identity } = options
  const server = createServer({
    ...tlsParameters,
    cert: identity.certPem,
    key: identity.keyPem,
    ca: identity.rootPem,
    ALPNProtocols: ['h2'],
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: connectTimeoutMs,
    noDelay: true,
    // Tickets become ids of sessions that nothing remembers: as small as rustls's, and nothing can be resumed.
    secureOptions: cryptoConstants.SSL_OP_NO_TICKET,
  })
  server.on('tlsClientError', (error, socket) => {
    options.onRefused(socket.remoteAddress ?? 'unknown', error)
    socket.destroy()
  })
  server.on('secureConnection', (socket) => {
    socket.setMaxListeners(0) // an HTTP/2 session adds a listener per stream
    socket.on('error', () => {}) // also shows as the end of the session
    const sourceIp = socket.remoteAddress
    const sourceIdentity = peerIdentity(socket, options.trustDomain)
    if (sourceIp === undefined || sourceIdentity === undefined) {
      options.onRefused(sourceIp ?? 'unknown', 'client is not of the trust domain or did not choose h2')
      socket.destroy()
      return
    }
    const session = serveSession(socket, options.maxConcurrentStreams)
    session.on('stream', (stream, headers) => {
      stream.pause() // what arrives before the upstream is there must wait
      stream.on('error', () => {}) // also shows as `close`
      const authority = (headers[':method'] === 'CONNECT' && headers[':authority']) || ''
      options.onConnect({ stream, authority, headers, sourceIp, sourceIdentity })
    })
  })
  return await listen(server, options.address)
}

function serveSession(socket: TLSSocket, maxConcurrentStreams: number): ServerHttp2Session {
  const session = performServerHandshake(socket, {
    settings: {
      initialWindowSize: streamWindowBytes,
      maxFrameSize: maxFrameBytes,
      maxHeaderListSize: serverMaxHeaderBytes,
      maxConcurrentStreams,
    },
    maxSessionMemory: maxSessionMemoryMb,
  })
  session.on('error', () => {}) // also shows at each of its streams
  session.setLocalWindowSize(connectionWindowBytes)
  keepPinging(session)
  return session
}

/**
 * The client's SPIFFE id, when TLS has verified its chain and it belongs to the trust domain. To be called once per
 * connection: Node 20 never gives the certificate back that it looks up here, some 5 kB each time.
 */
function peerIdentity(socket: TLSSocket, trustDomain: string): string | undefined {
  if (!socket.authorized || socket.alpnProtocol !== 'h2') return undefined
  const id = spiffeOf(socket.getPeerX509Certificate()?.subjectAltName)
  return id !== undefined && parseSpiffe(id)?.trustDomain === trustDomain ? id : undefined
}

/** Refuses a CONNECT with a status and nothing else. */
export function refuse(stream: ServerHttp2Stream, status: number): void {
  if (stream.destroyed || stream.closed) return
  stream.respond({ ':status': status }, { endStream: true })
  stream.resume() // what the client already sent is thrown away
}
