import { connect, type Socket } from 'node:net'
import { TunnelError } from './tunnel-error.ts'
import { connectTimeoutMs } from './wire.ts'

/** Splits `host:port`. */
export function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  const port = Number(address.slice(colon + 1))
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`"${address}" is not ip:port`)
  }
  return { host: address.slice(0, colon), port }
}

/** A TCP connection with TCP_NODELAY whose halves close on their own. Gives up after ztunnel's 10 s. */
export async function dial(address: string): Promise<Socket> {
  const { host, port } = parseAddress(address)
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true })
  return await new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new TunnelError('connect timed out')), connectTimeoutMs)
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      socket.on('error', () => {}) // what happens next also shows as `close`
      resolve(socket)
    })
  })
}
