import { connect, type Socket } from 'node:net'

/** The application's side of a connection: collects what arrives and says how it ended. */
export class AppClient {
  readonly socket: Socket
  readonly chunks: Buffer[] = []
  /** How the connection ended: `end` for a FIN, else an error code such as ECONNRESET. */
  readonly ending: Promise<string>
  private received = 0
  private waiting: { bytes: number; resolve: () => void } | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    this.ending = new Promise((resolve) => {
      socket.once('end', () => resolve('end'))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      socket.once('close', () => resolve('closed'))
    })
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk)
      this.received += chunk.length
      if (this.waiting && this.received >= this.waiting.bytes) this.waiting.resolve()
    })
  }

  /** A connection that was made; it may have been reset since, which `ending` tells. @throws when nobody listens. */
  static async connect(target: { host: string; port: number }): Promise<AppClient> {
    const socket = connect({ ...target, noDelay: true, allowHalfOpen: true })
    const client = new AppClient(socket)
    const connected = new Promise<string>((resolve) => socket.once('connect', () => resolve('connected')))
    const outcome = await Promise.race([connected, client.ending])
    if (outcome === 'ECONNREFUSED') throw new Error(`nobody listens on ${target.host}:${target.port}`)
    return client
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks)
  }

  /** Waits until this many bytes came since the start. @throws when the connection ends first. */
  async receive(bytes: number): Promise<Buffer> {
    if (this.received < bytes) {
      const enough = new Promise<void>((resolve) => (this.waiting = { bytes, resolve }))
      const early = this.ending.then((ending) => {
        if (this.received < bytes) throw new Error(`${ending} after ${this.received} of ${bytes} bytes`)
      })
      await Promise.race([enough, early])
    }
    return this.body
  }

  /** Writes all of it with backpressure. */
  async send(data: Buffer, chunkBytes = 65_536): Promise<void> {
    for (let at = 0; at < data.length; at += chunkBytes) {
      if (!this.socket.write(data.subarray(at, at + chunkBytes))) {
        await new Promise<void>((resolve) => {
          this.socket.once('drain', resolve)
          this.socket.once('close', resolve)
        })
      }
    }
  }

  close(): void {
    this.socket.destroy()
  }
}
