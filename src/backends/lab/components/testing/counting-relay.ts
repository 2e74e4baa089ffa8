import { connect } from 'node:net'
import { AppServer } from './chain.ts'

/** Stands between two components, passes bytes on and counts connections. */
export class CountingRelay {
  readonly app: AppServer
  private readonly counter: { connections: number }

  private constructor(app: AppServer, counter: { connections: number }) {
    this.app = app
    this.counter = counter
  }

  static async listen(
    host: string,
    port: number,
    to: { host: string; port: number },
  ): Promise<CountingRelay> {
    const counter = { connections: 0 }
    const app = await AppServer.listen(host, port, (socket) => {
      counter.connections++
      const upstream = connect({ ...to, allowHalfOpen: true })
      upstream.on('error', () => socket.destroy())
      upstream.once('close', () => socket.destroy())
      socket.once('close', () => upstream.destroy())
      socket.pipe(upstream).pipe(socket)
    })
    return new CountingRelay(app, counter)
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.counter.connections
  }
}
