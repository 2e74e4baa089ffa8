import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { IncomingHttpHeaders } from 'node:http2'
import { answerHeaders, pathHeader, responseBytesHeader } from '../protocol.ts'
import { decodePathName } from '../wire/path-name.ts'
import { maxResponseBytes, type EchoService } from './echo-service.ts'
import type { ConnectionTimes } from './reply-schedule.ts'

interface SessionState extends ConnectionTimes {
  replies: number
}

/** Answers HTTP/2 on connections given to it by `emit('connection', socket)`; it never listens itself. */
export function createHttp2Echo(service: EchoService): Http2Server {
  const server = createServer()
  const states = new WeakMap<object, SessionState>()
  server.on('sessionError', () => {}) // a broken connection is the client's to count
  server.on('stream', (stream, headers, flags) => {
    stream.on('error', () => {})
    const { session } = stream
    if (!session) return
    const state = states.get(session) ?? { first: true, lastDueMs: 0, replies: 0 }
    states.set(session, state)
    const complete = () => {
      const path = decodePathName(String(headers[pathHeader] ?? ''))
      const answer = () => reply(service, stream, headers, path, state)
      if (service.schedule) service.schedule.add(state, service.faultsOf(path), answer)
      else answer()
    }
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) complete()
    else stream.on('end', complete)
    stream.resume()
  })
  return server
}

function reply(
  service: EchoService,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  path: string,
  state: SessionState,
): void {
  if (stream.destroyed || !stream.session || stream.session.closed) return
  const asked = headers[responseBytesHeader]
  const responseBytes = asked === undefined ? undefined : Number(asked)
  if (responseBytes !== undefined && !(Number.isInteger(responseBytes) && inRange(responseBytes))) {
    stream.respond({ ':status': 400, 'content-type': 'text/plain; charset=utf-8' })
    stream.end(`malformed ${responseBytesHeader}, or more than ${maxResponseBytes}\n`)
    return
  }
  const body = responseBytes ?? service.introduction
  stream.respond({
    ':status': 200,
    'content-type': responseBytes === undefined ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    'content-length': typeof body === 'number' ? body : body.length,
    [answerHeaders.cluster]: service.cluster,
    [answerHeaders.pod]: service.pod,
  })
  stream.end(typeof body === 'number' ? Buffer.alloc(body, 'x') : body, () => service.stats.countServed(path))
  state.replies++
  if (state.replies === service.faultsOf(path)?.finEvery) {
    // GOAWAY tells the client, as HTTP/2 servers do; the connection ends with its last stream.
    stream.session.close()
  }
}

function inRange(bytes: number): boolean {
  return bytes >= 0 && bytes <= maxResponseBytes
}
