import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import type { Duplex } from 'node:stream'
import type { Identity } from './protocol.ts'
import { spiffeOf } from './spiffe.ts'
import { TunnelError } from './tunnel-error.ts'
import { connectTimeoutMs, tlsParameters } from './wire.ts'

const contexts = new WeakMap<Identity, SecureContext>()

/** Keys and trust of an identity. Cached: building it costs more than the handshake that uses it. */
function secureContextOf(identity: Identity): SecureContext {
  let context = contexts.get(identity)
  if (!context) {
    context = createSecureContext({
      ...tlsParameters,
      cert: identity.certPem,
      key: identity.keyPem,
      ca: identity.rootPem,
    })
    contexts.set(identity, context)
  }
  return context
}

/**
 * A TLS client connection over `transport` (a TCP socket, or a CONNECT stream for the inner tunnel): no SNI, never
 * resumed, and the server must chain to our root and be one of `serverSpiffe`. Host names play no part.
 * @throws TunnelError or the TLS error; `transport` is destroyed then.
 */
export async function connectMtls(
  transport: Duplex,
  identity: Identity,
  serverSpiffe: readonly string[],
): Promise<TLSSocket> {
  const socket = connect({
    socket: transport,
    secureContext: secureContextOf(identity),
    ALPNProtocols: ['h2'],
    checkServerIdentity: (_host, certificate) =>
      serverMismatch(spiffeOf(certificate.subjectaltname), serverSpiffe),
  })
  // An HTTP/2 session adds a listener per stream.
  socket.setMaxListeners(0)
  // Errors also show as `close`; a second one, without a listener, would end the process.
  socket.on('error', () => {})
  return await new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      transport.destroy()
      reject(error)
    }
    const closed = () => fail(new TunnelError('closed during the TLS handshake'))
    const timer = setTimeout(() => fail(new TunnelError('TLS handshake timed out')), connectTimeoutMs)
    socket.once('error', fail)
    socket.once('close', closed)
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== 'h2') return fail(new TunnelError('peer did not choose h2'))
      clearTimeout(timer)
      socket.off('close', closed)
      socket.off('error', fail)
      // The socket inherits half-open from its transport, but HTTP/2 is over when the peer has gone.
      socket.once('end', () => socket.end())
      resolve(socket)
    })
  })
}

function serverMismatch(id: string | undefined, allowed: readonly string[]): Error | undefined {
  if (id !== undefined && allowed.includes(id)) return undefined
  return new TunnelError(`server is ${id ?? 'without a SPIFFE id'}, expected ${allowed.join(' or ')}`)
}
