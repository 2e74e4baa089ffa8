import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import { answerHeaders } from '../protocol.ts'
import { HttpParseError } from '../wire/http1-head.ts'
import { Http1RequestParser, type Http1Request } from '../wire/http1-request-parser.ts'
import { maxKeptBytes, maxResponseBytes, type EchoService } from './echo-service.ts'
import { ReplyLine } from './reply-line.ts'

const maxKept = 32

/**
 * Answers HTTP/1 on a connection; the returned function takes what arrives. Not node:http: it sends headers
 * that change (`date`), which keeps clients from recognising a response at a glance.
 */
export function serveHttp1(socket: Socket, service: EchoService): (chunk: Buffer) => void {
  const line = new ReplyLine(socket, service)
  const parser = new Http1RequestParser(
    (request) => line.add(request.path, () => reply(socket, service, request), !request.keepAlive),
    (request) => {
      if (request.expectContinue && line.idle && !line.closing) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    },
  )
  return (chunk) => {
    if (line.closing) return
    try {
      parser.push(chunk)
    } catch (error) {
      if (!(error instanceof HttpParseError)) throw error
      line.add('', () => socket.write(refusal(error)), true)
    }
  }
}

function reply(socket: Socket, service: EchoService, request: Http1Request): void {
  const { path, responseBytes, method } = request
  if (responseBytes !== undefined && responseBytes > maxResponseBytes) {
    const error = new HttpParseError(400, `a response has at most ${maxResponseBytes} bytes`)
    socket.write(refusal(error, request))
    return
  }
  if (responseBytes === undefined) {
    const body = service.introduction
    const head = responseHead(service, request, 'text/plain; charset=utf-8', body.length)
    service.write(socket, path, head, method === 'HEAD' ? 0 : body)
    return
  }
  if (method === 'HEAD' || !request.keepAlive || request.minorVersion === 0 || responseBytes > maxKeptBytes) {
    const head = responseHead(service, request, 'application/octet-stream', responseBytes)
    service.write(socket, path, head, method === 'HEAD' ? 0 : responseBytes)
    return
  }
  service.write(socket, path, keptResponse(service, request, responseBytes), 0)
}

const kept = new WeakMap<EchoService, Map<number, Buffer>>()

/** The usual response, head and body in one buffer. */
function keptResponse(service: EchoService, request: Http1Request, responseBytes: number): Buffer {
  let bySize = kept.get(service)
  if (!bySize) kept.set(service, (bySize = new Map()))
  const ready = bySize.get(responseBytes)
  if (ready) return ready
  const head = responseHead(service, request, 'application/octet-stream', responseBytes)
  const whole = Buffer.concat([head, Buffer.alloc(responseBytes, 'x')])
  if (bySize.size < maxKept) bySize.set(responseBytes, whole)
  return whole
}

function responseHead(service: EchoService, request: Http1Request, type: string, bytes: number): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${bytes}\r\n` +
      `${answerHeaders.cluster}: ${service.cluster}\r\n${answerHeaders.pod}: ${service.pod}\r\n` +
      `${connectionField(request)}\r\n`,
    'latin1',
  )
}

function connectionField({ keepAlive, minorVersion }: Http1Request): string {
  if (!keepAlive) return 'connection: close\r\n'
  return minorVersion === 0 ? 'connection: keep-alive\r\n' : ''
}

function refusal(error: HttpParseError, request?: Http1Request): Buffer {
  const body = `${error.message}\n`
  return Buffer.from(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n` +
      `${request ? connectionField(request) : 'connection: close\r\n'}\r\n${body}`,
  )
}
