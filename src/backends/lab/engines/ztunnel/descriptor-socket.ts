import type { LibraryHandle } from 'koffi'

/**
 * Sockets of the kind that ZDS wants, which Node does not have: SOCK_SEQPACKET, and messages with an open file beside
 * them. The only place that calls the C library.
 */
export interface DescriptorListener {
  /** Waits for the next one that connects. @throws Error when the socket is gone. */
  accept(): Promise<DescriptorSocket>
}

export interface DescriptorSocket {
  /** One message; undefined when the other end has gone. @throws Error */
  receive(): Promise<Uint8Array | undefined>
  /** One message and the open file that came with it, if one did. @throws Error, also when the other end has gone. */
  receiveDescriptor(): Promise<{ readonly message: Buffer; readonly descriptor: number | undefined }>
  /** One message, and an open file with it. @throws Error */
  send(message: Uint8Array, descriptor?: number): void
  close(): void
}

const afUnix = 1
const seqPacket = 5
const closeOnExec = 0o2_000_000
const solSocket = 1
const scmRights = 1
const noSignal = 0x4000
const closeOnExecReceived = 0x4000_0000
/** Length of a control message with one descriptor, and the room that it takes. */
const controlLength = 20n
const controlBytes = 24
const backlog = 4
const maxMessageBytes = 64 * 1024
const sunPathBytes = 108

/** @throws Error when the C library cannot be called here, or the socket not be made. */
export async function listenSeqPacket(path: string): Promise<DescriptorListener> {
  const c = await library()
  const address = Buffer.alloc(2 + sunPathBytes)
  if (Buffer.byteLength(path) >= sunPathBytes) throw new RangeError(`${path} is too long for a socket`)
  address.writeUInt16LE(afUnix, 0)
  address.write(path, 2)
  const fd = c.check('socket', c.socket(afUnix, seqPacket | closeOnExec, 0))
  c.check('bind', c.bind(fd, address, 2 + Buffer.byteLength(path) + 1))
  c.check('listen', c.listen(fd, backlog))
  return {
    accept: async () => socketOf(c, c.check('accept', await c.accept(fd, null, null, closeOnExec))),
  }
}

/** Connects to such a socket: the other side, for those who play it in tests. */
export async function connectSeqPacket(path: string): Promise<DescriptorSocket> {
  const c = await library()
  const address = Buffer.alloc(2 + sunPathBytes)
  address.writeUInt16LE(afUnix, 0)
  address.write(path, 2)
  const fd = c.check('socket', c.socket(afUnix, seqPacket | closeOnExec, 0))
  c.check('connect', c.connect(fd, address, 2 + Buffer.byteLength(path) + 1))
  return socketOf(c, fd)
}

function socketOf(c: Library, fd: number): DescriptorSocket {
  return {
    receive: async () => {
      const buffer = Buffer.alloc(maxMessageBytes)
      const length = c.check('recv', await c.receive(fd, buffer, buffer.length, 0))
      return length === 0 ? undefined : buffer.subarray(0, length)
    },
    receiveDescriptor: async () => {
      const buffer = Buffer.alloc(maxMessageBytes)
      const control = Buffer.alloc(controlBytes)
      const header = messageHeader(buffer, control)
      const length = c.check('recvmsg', await c.receiveMessage(fd, header, closeOnExecReceived))
      if (length === 0) throw new Error('the other end has gone')
      const isThere = control.readBigUInt64LE(0) === controlLength
      const descriptor = isThere ? control.readInt32LE(16) : undefined
      return { message: buffer.subarray(0, length), descriptor }
    },
    send: (message, descriptor) => {
      const control = descriptor === undefined ? undefined : rights(descriptor)
      c.check('sendmsg', c.send(fd, messageHeader(message, control), noSignal))
    },
    close: () => void c.close(fd),
  }
}

function messageHeader(message: Uint8Array, control: Buffer | undefined): object {
  return {
    msg_name: null,
    msg_namelen: 0,
    msg_iov: { iov_base: message, iov_len: message.length },
    msg_iovlen: 1,
    msg_control: control ?? null,
    msg_controllen: control?.length ?? 0,
    msg_flags: 0,
  }
}

/** `struct cmsghdr` with one descriptor, as 64-bit Linux lays it out. */
function rights(descriptor: number): Buffer {
  const control = Buffer.alloc(controlBytes)
  control.writeBigUInt64LE(controlLength, 0)
  control.writeInt32LE(solSocket, 8)
  control.writeInt32LE(scmRights, 12)
  control.writeInt32LE(descriptor, 16)
  return control
}

interface Library {
  readonly socket: Call
  readonly bind: Call
  readonly listen: Call
  readonly connect: Call
  readonly close: Call
  readonly send: Call
  readonly accept: WaitingCall
  readonly receive: WaitingCall
  readonly receiveMessage: WaitingCall
  /** @throws Error when a call said that it failed. */
  readonly check: (what: string, result: number) => number
}

type Foreign = ReturnType<LibraryHandle['func']>
type Call = (...args: readonly unknown[]) => number
type WaitingCall = (...args: readonly unknown[]) => Promise<number>

let loaded: Promise<Library> | undefined

function library(): Promise<Library> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Library> {
  // At run time: a machine for which the module brings no native library must still be able to run everything else.
  const { default: koffi } = await import('koffi').catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `a real ztunnel needs the native module koffi (npm install koffi), which does not load here: ${why}`,
      {
        cause,
      },
    )
  })
  const c = koffi.load(null)
  koffi.struct('iovec', { iov_base: 'void *', iov_len: 'size_t' })
  koffi.struct('msghdr', {
    msg_name: 'void *',
    msg_namelen: 'uint32_t',
    msg_iov: 'iovec *',
    msg_iovlen: 'size_t',
    msg_control: 'void *',
    msg_controllen: 'size_t',
    msg_flags: 'int',
  })
  const waiting =
    (call: Foreign): WaitingCall =>
    (...args) =>
      new Promise((resolve, reject) => {
        call.async(...args, (error: unknown, result: number) =>
          error instanceof Error ? reject(error) : resolve(result),
        )
      })
  return {
    socket: c.func('int socket(int, int, int)'),
    bind: c.func('int bind(int, const void *, uint32_t)'),
    listen: c.func('int listen(int, int)'),
    connect: c.func('int connect(int, const void *, uint32_t)'),
    close: c.func('int close(int)'),
    send: c.func('long sendmsg(int, const msghdr *, int)'),
    accept: waiting(c.func('int accept4(int, void *, void *, int)')),
    receive: waiting(c.func('long recv(int, _Out_ void *, size_t, int)')),
    receiveMessage: waiting(c.func('long recvmsg(int, const msghdr *, int)')),
    check: (what, result) => {
      if (result >= 0) return result
      throw new Error(`${what} failed with errno ${koffi.errno()}`)
    },
  }
}
