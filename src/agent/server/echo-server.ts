import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Http2Server } from 'node:http2'
import type { ServeConfig } from '../protocol.ts'
import { tcpMagic } from '../wire/tcp-frames.ts'
import { EchoService } from './echo-service.ts'
import { serveHttp1 } from './http1-connection.ts'
import { createHttp2Echo } from './http2-connection.ts'
import { serveTcp } from './tcp-connection.ts'
import type { ServerStats } from './server-stats.ts'

/** How an HTTP/2 connection with prior knowledge begins (RFC 9113 §3.4); no HTTP/1 request can. */
const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export interface EchoServer {
  readonly port: number
  readonly stats: ServerStats
  /** Closes the port and all connections. */
  close(): Promise<void>
}

/**
 * Serves HTTP/1.1, HTTP/2 with prior knowledge and the TCP echo protocol on one port. Every response names the cluster
 * and pod of `config`.
 * @throws the error of `listen`, e.g. EADDRINUSE.
 */
export async function startEchoServer(config: Omit<ServeConfig, 'type' | 'version'>): Promise<EchoServer> {
  const service = new EchoService(config)
  const http2 = createHttp2Echo(service)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    sockets.add(socket)
    service.stats.connected(address)
    socket.on('error', () => {}) // a broken connection is the client's to count
    socket.on('close', () => {
      sockets.delete(socket)
      service.stats.disconnected(address)
    })
    tellProtocol(socket, service, http2)
  })
  await listen(server, config)
  return {
    port: (server.address() as AddressInfo).port,
    stats: service.stats,
    close: () => {
      service.schedule?.clear()
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

/** The first bytes tell the protocol: HTTP/2 preface, TCP echo magic, or HTTP/1. */
function tellProtocol(socket: Socket, service: EchoService, http2: Http2Server): void {
  let first: Buffer = Buffer.alloc(0)
  const decide = (chunk: Buffer) => {
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk])
    const known = Math.min(first.length, http2Preface.length)
    const maybeHttp2 = first.compare(http2Preface, 0, known, 0, known) === 0
    if (maybeHttp2 && known < http2Preface.length) return
    socket.off('data', decide)
    socket.off('end', giveUp)
    if (maybeHttp2) {
      socket.pause()
      socket.unshift(first)
      // node:http2 expects a socket that closes with its peer.
      socket.allowHalfOpen = false
      http2.emit('connection', socket)
      return
    }
    const receive = first[0] === tcpMagic ? serveTcp(socket, service) : serveHttp1(socket, service)
    socket.on('data', receive)
    receive(first)
  }
  const giveUp = () => socket.end()
  socket.on('data', decide)
  socket.on('end', giveUp)
}

function listen(server: Server, { host, port }: Pick<ServeConfig, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject)
      server.on('error', () => {}) // out of file descriptors: the client sees a connection that is not accepted
      resolve()
    })
  })
}
