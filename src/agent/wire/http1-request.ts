import { isIPv6 } from 'node:net'
import { pathHeader, responseBytesHeader, type Target } from '../protocol.ts'
import { encodePathName } from './path-name.ts'

/** Host header of a request to this target. */
export function authorityOf(target: Target): string {
  return target.authority ?? `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`
}

/** The header fields by which our requests differ from anybody's. */
export function echoHeaders(target: Target, responseBytes: number): Record<string, string> {
  return {
    [pathHeader]: encodePathName(target.path),
    [responseBytesHeader]: String(responseBytes),
    ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
  }
}

/** A whole HTTP/1.1 request: GET, or POST when it has a body. */
export function http1Request(shape: {
  readonly target: Target
  readonly requestBytes: number
  readonly responseBytes: number
}): Buffer {
  const { target, requestBytes, responseBytes } = shape
  const lines = [
    `${requestBytes === 0 ? 'GET' : 'POST'} ${target.httpPath ?? '/'} HTTP/1.1`,
    `host: ${authorityOf(target)}`,
    ...Object.entries(echoHeaders(target, responseBytes)).map(([name, value]) => `${name}: ${value}`),
    ...(requestBytes === 0 ? [] : [`content-length: ${requestBytes}`]),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.alloc(requestBytes, 'x')])
}
