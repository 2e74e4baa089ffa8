import { connect, type Socket } from 'node:net'

/** What a load agent asks of a dialer, one connection each. */
export interface DialRequest {
  readonly id: number
  readonly host: string
  readonly port: number
}

/** Ends the attempt of that id: what answers no SYN would be tried for minutes. */
export interface GiveUpRequest {
  readonly giveUp: number
}

/** What comes back, with the socket beside it unless it failed. Times of `process.hrtime.bigint()`, same for all processes. */
export interface DialAnswer {
  readonly id: number
  readonly startNs: string
  readonly connectedNs: string
  readonly error?: { readonly message: string; readonly code?: string | undefined } | undefined
}

/** The first thing that a dialer says is that it listens. */
export type DialMessage = DialAnswer | { readonly ready: true }

/**
 * `agent dial`: opens connections in the network that this process stands in, and hands them to the load agent that
 * started it, which stands in another. Resolves when that agent is gone.
 * @throws when nobody listens: it is started with a channel for messages.
 */
export function dial(): Promise<void> {
  if (!process.send) throw new Error('agent dial is started by a load agent, with a channel for messages')
  const attempts = new Map<number, Socket>()
  process.on('message', (request: DialRequest | GiveUpRequest) => {
    if ('giveUp' in request) attempts.get(request.giveUp)?.destroy()
    else open(request, attempts)
  })
  const ready: DialMessage = { ready: true }
  process.send(ready)
  return new Promise((resolve) => process.once('disconnect', resolve))
}

/** @param attempts those that are still connecting, by id */
function open({ id, host, port }: DialRequest, attempts: Map<number, Socket>): void {
  const startNs = process.hrtime.bigint()
  const answer = (error?: NodeJS.ErrnoException, socket?: Socket) => {
    const connectedNs = process.hrtime.bigint()
    const message: DialAnswer = {
      id,
      startNs: String(startNs),
      connectedNs: String(connectedNs),
      ...(error ? { error: { message: error.message, code: error.code } } : {}),
    }
    // Nobody to tell any more: the end of the channel ends this process.
    if (process.connected) process.send?.(message, socket, undefined, () => {})
  }
  const socket = connect({ host, port, noDelay: true })
  attempts.set(id, socket)
  socket.once('close', () => attempts.delete(id))
  socket.once('error', answer)
  socket.once('connect', () => {
    attempts.delete(id)
    socket.off('error', answer)
    // Nothing may be read here: what the server says is for whoever gets the socket.
    socket.pause()
    answer(undefined, socket)
  })
}
