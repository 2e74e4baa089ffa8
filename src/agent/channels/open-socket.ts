import { connect, type Socket } from 'node:net'
import { readBuffer } from './read-buffer.ts'
import type { RequestShape } from './channel.ts'

/** Times of `process.hrtime.bigint()`. */
export interface OpenedTimes {
  readonly startNs: bigint
  readonly connectedNs: bigint
  /** When it could be written to: later than connected where another process opened it and handed it over. */
  readonly usableNs: bigint
}

export interface Opening {
  /** The socket is there; what befalls it from now on is for its owner to hear. */
  made(socket: Socket): void
  connected(socket: Socket, times: OpenedTimes): void
  /** Bytes that have arrived; they are gone when it returns. */
  read(chunk: Buffer): void
  /** No socket came to be. */
  failed(error: Error | undefined): void
}

/**
 * Opens a connection here, or by a program in another network.
 * @returns gives up, as long as there is no socket; nothing follows then
 */
export function openSocket(
  { target: { host, port }, dial }: Pick<RequestShape, 'target' | 'dial'>,
  opening: Opening,
): (() => void) | undefined {
  if (dial) {
    return dial({ host, port }, (error, dialled) => {
      if (!dialled) {
        opening.failed(error)
        return
      }
      const { socket, startNs, connectedNs } = dialled
      opening.made(socket)
      // A socket that was made elsewhere cannot read into a buffer of ours.
      socket.on('data', (chunk: Buffer) => opening.read(chunk))
      opening.connected(socket, { startNs, connectedNs, usableNs: process.hrtime.bigint() })
    })
  }
  const callback = (bytes: number) => {
    opening.read(readBuffer.subarray(0, bytes))
    return true
  }
  const startNs = process.hrtime.bigint()
  const socket = connect({ host, port, noDelay: true, onread: { buffer: readBuffer, callback } })
  opening.made(socket)
  socket.on('connect', () => {
    const connectedNs = process.hrtime.bigint()
    opening.connected(socket, { startNs, connectedNs, usableNs: connectedNs })
  })
  return undefined
}
