import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { dial } from './dial.ts'
import { openConnect, openSession } from './hbone-client.ts'
import { connectMtls } from './mtls.ts'
import type { Identity } from './protocol.ts'
import { poolMaxResets, poolMaxStreams, poolUnusedReleaseMs } from './wire.ts'

/** Connections are shared by streams that agree in all of these and in the source identity. */
export interface PoolKey {
  /** `ip:port` to dial. */
  readonly address: string
  readonly serverSpiffe: readonly string[]
  /** IP address of the application's end. */
  readonly sourceIp: string
}

/**
 * The outer tunnels of one source identity, as ztunnel pools them. A connection serves new streams until it once
 * carried 100 at a time, was unused for 5 minutes, announced its end or saw too many resets; then it leaves the pool
 * and closes with its last stream. Callers that find none wait for one attempt together.
 */
export class HbonePool {
  private readonly identity: Identity
  private readonly current = new Map<string, Promise<PooledConnection>>()

  constructor(identity: Identity) {
    this.identity = identity
  }

  /** @throws when no connection can be made, the server is not who it should be, or CONNECT is refused. */
  async openStream(
    key: PoolKey,
    authority: string,
    headers: OutgoingHttpHeaders,
  ): Promise<ClientHttp2Stream> {
    const connection = await this.checkOut(key)
    return await connection.openStream(authority, headers)
  }

  private async checkOut(key: PoolKey): Promise<PooledConnection> {
    const id = [key.address, key.sourceIp, ...key.serverSpiffe].join(' ')
    for (;;) {
      const pending = this.current.get(id) ?? this.start(id, key)
      const connection = await pending
      if (connection.reserve()) return connection
      this.forget(id, pending)
    }
  }

  private start(id: string, key: PoolKey): Promise<PooledConnection> {
    const pending = this.connect(key)
    this.current.set(id, pending)
    pending.catch(() => this.forget(id, pending))
    return pending
  }

  /** Several callers can find out at once; only the first may remove, or it would remove a successor. */
  private forget(id: string, pending: Promise<PooledConnection>): void {
    if (this.current.get(id) === pending) this.current.delete(id)
  }

  private async connect(key: PoolKey): Promise<PooledConnection> {
    const tcp = await dial(key.address)
    return new PooledConnection(openSession(await connectMtls(tcp, this.identity, key.serverSpiffe)))
  }
}

class PooledConnection {
  private readonly session: ClientHttp2Session
  private readonly unusedTimer: NodeJS.Timeout
  private streams = 0
  private resets = 0
  private retired = false

  constructor(session: ClientHttp2Session) {
    this.session = session
    this.unusedTimer = setTimeout(() => this.retire(), poolUnusedReleaseMs).unref()
    session.once('goaway', () => this.retire())
    session.once('close', () => this.retire())
  }

  /** Takes a place for one stream; false when this connection takes no more. */
  reserve(): boolean {
    if (this.retired || this.session.closed || this.session.destroyed) return false
    this.streams++
    this.unusedTimer.refresh()
    if (this.streams >= poolMaxStreams) this.retire()
    return true
  }

  async openStream(authority: string, headers: OutgoingHttpHeaders): Promise<ClientHttp2Stream> {
    try {
      const stream = await openConnect(this.session, authority, headers)
      stream.once('close', () => {
        if (stream.rstCode !== constants.NGHTTP2_NO_ERROR && ++this.resets >= poolMaxResets) this.retire()
        this.release()
      })
      return stream
    } catch (error) {
      this.release()
      throw error
    }
  }

  private release(): void {
    this.streams--
    this.closeWhenEmpty()
  }

  private retire(): void {
    this.retired = true
    clearTimeout(this.unusedTimer)
    this.closeWhenEmpty()
  }

  private closeWhenEmpty(): void {
    if (this.retired && this.streams === 0) this.session.close()
  }
}
