import { createServer, type AddressInfo, type Socket } from 'node:net'
import { answerHeaders } from '../protocol.ts'
import { Http1RequestParser, type Http1Request } from '../wire/http1-request-parser.ts'

export interface ScriptedServer {
  readonly port: number
  /** Path names of all requests in the order of arrival. */
  readonly requests: readonly string[]
  readonly connections: () => number
  close(): Promise<void>
}

/** A complete, correct echo response. */
export function goodResponse(bodyBytes = 16, pod = 'scripted'): string {
  return (
    `HTTP/1.1 200 OK\r\ncontent-length: ${bodyBytes}\r\n${answerHeaders.cluster}: test\r\n` +
    `${answerHeaders.pod}: ${pod}\r\n\r\n${'x'.repeat(bodyBytes)}`
  )
}

/** An HTTP/1 server that does with each request what the test says; `count` is 1 for the first request it got. */
export async function startScriptedServer(
  script: (socket: Socket, request: Http1Request, count: number) => void,
): Promise<ScriptedServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    const parser = new Http1RequestParser((request) => {
      requests.push(request.path)
      script(socket, request, requests.length)
    })
    socket.on('data', (chunk) => parser.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => sockets.size,
    close: () =>
      new Promise((closed) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => closed())
      }),
  }
}

/** A loopback port on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => void server.close(closed))
  return port
}

/** Sends RST and nothing before it; `resetAndDestroy` sends FIN first, which a client may see in its place. */
export function resetNow(socket: Socket): void {
  Object.assign(socket, { resetAndClosing: true }).destroy()
}
