import type { Socket } from 'node:net'
import { TcpFrameError, TcpRequestReader, tcpResponseHead } from '../wire/tcp-frames.ts'
import { maxKeptBytes, maxResponseBytes, type EchoService } from './echo-service.ts'
import { ReplyLine } from './reply-line.ts'

/** Answers the TCP echo protocol on a connection; the returned function takes what arrives. */
export function serveTcp(socket: Socket, service: EchoService): (chunk: Buffer) => void {
  const line = new ReplyLine(socket, service)
  let ready: { asked: number; head: Buffer; left: number } | undefined
  const reader = new TcpRequestReader(({ path, responseBytes }) => {
    if (responseBytes > maxResponseBytes) {
      throw new TcpFrameError(`a response has at most ${maxResponseBytes} bytes`)
    }
    line.add(path, () => {
      if (ready?.asked !== responseBytes) {
        const head = tcpResponseHead(service.cluster, service.pod, responseBytes)
        ready =
          responseBytes > maxKeptBytes
            ? { asked: responseBytes, head, left: responseBytes }
            : { asked: responseBytes, head: Buffer.concat([head, Buffer.alloc(responseBytes, 'x')]), left: 0 }
      }
      service.write(socket, path, ready.head, ready.left)
    })
  })
  return (chunk) => {
    if (line.closing) return
    try {
      reader.push(chunk)
    } catch (error) {
      if (!(error instanceof TcpFrameError)) throw error
      socket.destroy() // the protocol has no way to say what is wrong
    }
  }
}
