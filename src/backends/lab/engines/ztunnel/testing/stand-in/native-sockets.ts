import { Socket } from 'node:net'
import koffi from 'koffi'

// Of x86-64 and arm64 Linux.
const afInet = 2
const stream = 1
const closeOnExec = 0o2_000_000
const solSocket = 1
const soMark = 36
const solIp = 0
const soOriginalDst = 80
const addressBytes = 16

const c = koffi.load(null)
const socket = c.func('int socket(int, int, int)')
const setsockopt = c.func('int setsockopt(int, int, int, const void *, uint32_t)')
const getsockopt = c.func('int getsockopt(int, int, int, _Out_ void *, const void *)')
const connect = c.func('int connect(int, const void *, uint32_t)')

/** `ip:port` that the application dialled before the kernel redirected it. */
export function originalDestination(of: Socket): string {
  const { _handle: handle } = of as unknown as { readonly _handle: { readonly fd: number } }
  const address = Buffer.alloc(addressBytes)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(addressBytes)
  if (getsockopt(handle.fd, solIp, soOriginalDst, address, length) !== 0) {
    throw new Error(`no original destination: errno ${koffi.errno()}`)
  }
  return `${address.subarray(4, 8).join('.')}:${address.readUInt16BE(2)}`
}

/** A TCP connection with a mark, by which rules of the kernel leave it alone. */
export async function dialMarked(address: string, mark: number): Promise<Socket> {
  const colon = address.lastIndexOf(':')
  const to = Buffer.alloc(addressBytes)
  to.writeUInt16LE(afInet, 0)
  to.writeUInt16BE(Number(address.slice(colon + 1)), 2)
  for (const [i, part] of address.slice(0, colon).split('.').entries()) to.writeUInt8(Number(part), 4 + i)
  const fd = Number(socket(afInet, stream | closeOnExec, 0))
  const value = Buffer.alloc(4)
  value.writeInt32LE(mark)
  if (setsockopt(fd, solSocket, soMark, value, 4) !== 0) throw new Error(`no mark: errno ${koffi.errno()}`)
  await new Promise<void>((resolve, reject) => {
    connect.async(fd, to, addressBytes, (error: unknown, result: number) =>
      error instanceof Error || result !== 0 ? reject(new Error(`no connection to ${address}`)) : resolve(),
    )
  })
  const made = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true })
  made.setNoDelay(true)
  made.on('error', () => {}) // what happens next also shows as `close`
  return made
}
