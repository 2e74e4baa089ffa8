import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:tls'
import type { Identity } from '../protocol.ts'
import { clientPreface, parseFrames, type Frame } from './http2-frames.ts'

/**
 * Stands between an HBONE client and its server as only somebody with both their keys can: passes bytes on and reads
 * the client's HTTP/2 frames.
 */
export class TlsTap {
  private readonly server: Server
  private readonly clients: Buffer[][] = []

  private constructor(server: Server) {
    this.server = server
  }

  static async listen(
    host: string,
    upstream: { host: string; identity: Identity },
    client: Identity,
  ): Promise<TlsTap> {
    const server = createServer({ ...tlsOf(upstream.identity), requestCert: true, ALPNProtocols: ['h2'] })
    const tap = new TlsTap(server)
    server.on('secureConnection', (socket) => {
      const chunks: Buffer[] = []
      tap.clients.push(chunks)
      const onward = connect({
        host: upstream.host,
        port: 15008,
        ...tlsOf(client),
        ALPNProtocols: ['h2'],
        checkServerIdentity: () => undefined,
      })
      onward.on('error', () => socket.destroy())
      socket.on('error', () => onward.destroy())
      socket.once('close', () => onward.destroy())
      onward.once('close', () => socket.destroy())
      socket.on('data', (part: Buffer) => chunks.push(part))
      socket.pipe(onward).pipe(socket)
    })
    server.listen(15008, host)
    await once(server, 'listening')
    return tap
  }

  /** The frames that clients sent so far, one list per connection. */
  get frames(): readonly (readonly Frame[])[] {
    return this.clients.map((chunks) => parseFrames(Buffer.concat(chunks).subarray(clientPreface.length)))
  }

  /** Stops listening; connections end with their components. */
  close(): void {
    this.server.close()
  }
}

function tlsOf(identity: Identity): { cert: string; key: string; ca: string } {
  return { cert: identity.certPem, key: identity.keyPem, ca: identity.rootPem }
}
