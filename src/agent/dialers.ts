import type { Socket } from 'node:net'
import { startIpcChild, type IpcChild } from '../process/ipc-child.ts'
import type { DialAnswer, DialMessage, DialRequest, GiveUpRequest } from './dial.ts'
import type { Target } from './protocol.ts'

/** A connection that another process opened. Times as of `process.hrtime.bigint()`. */
export interface Dialled {
  readonly socket: Socket
  readonly startNs: bigint
  readonly connectedNs: bigint
}

/** Opens a connection elsewhere; the returned function gives up, after which `done` is not called. */
export type Dial = (
  address: { readonly host: string; readonly port: number },
  done: (error: Error | undefined, dialled?: Dialled) => void,
) => () => void

/** The programs that open connections in the networks of other pods, one for each such pod. */
export class Dialers {
  readonly #running = new Map<string, Dialer>()

  /** Starts what these targets need. @throws Error when a program does not come up. */
  async start(targets: readonly Target[]): Promise<void> {
    await Promise.all(
      targets.flatMap(({ dialer }) => (dialer === undefined ? [] : [this.#dialerOf(dialer).ready()])),
    )
  }

  /** The way to connections of a target; undefined where this process opens them itself. */
  dialFor(command: readonly string[] | undefined): Dial | undefined {
    if (command === undefined) return undefined
    const dialer = this.#dialerOf(command)
    return (address, done) => dialer.dial(address, done)
  }

  #dialerOf(command: readonly string[]): Dialer {
    const [file = '', ...args] = command
    const key = JSON.stringify(command)
    const dialer = this.#running.get(key) ?? new Dialer(startIpcChild(file, args))
    this.#running.set(key, dialer)
    return dialer
  }

  close(): void {
    for (const dialer of this.#running.values()) dialer.end()
    this.#running.clear()
  }
}

class Dialer {
  readonly #child: IpcChild
  readonly #waiting = new Map<number, Parameters<Dial>[1]>()
  readonly #whenReady: ((error: Error | undefined) => void)[] = []
  #isReady = false
  #last = 0
  #ended: Error | undefined

  constructor(child: IpcChild) {
    this.#child = child
    child.on('message', (message: DialMessage, socket) => {
      if ('ready' in message) this.#settle(undefined)
      else this.#answered(message, socket as Socket | undefined)
    })
    child.on('error', (cause) =>
      this.#end(new Error(`cannot start ${child.spawnfile}: ${cause.message}`, { cause })),
    )
    child.once('exit', (code, signal) => {
      this.#end(
        new Error(`the program that opens connections in another pod ended (${signal ?? `code ${code}`})`),
      )
    })
  }

  ready(): Promise<void> {
    if (this.#isReady) return Promise.resolve()
    const ended = this.#ended
    if (ended) return Promise.reject(ended)
    return new Promise((resolve, reject) =>
      this.#whenReady.push((error) => (error ? reject(error) : resolve())),
    )
  }

  dial(address: Parameters<Dial>[0], done: Parameters<Dial>[1]): () => void {
    const { host, port } = address
    const id = ++this.#last
    const request: DialRequest = { id, host, port }
    this.#waiting.set(id, done)
    const fail = (error: Error) => {
      if (this.#waiting.delete(id)) done(error)
    }
    const ended = this.#ended
    if (ended) process.nextTick(fail, ended)
    else this.#child.send(request, (error) => error && fail(error))
    return () => {
      const giveUp: GiveUpRequest = { giveUp: id }
      if (this.#waiting.delete(id) && this.#child.connected) this.#child.send(giveUp, () => {})
    }
  }

  end(): void {
    this.#waiting.clear()
    if (this.#child.connected) this.#child.disconnect()
  }

  #answered({ id, startNs, connectedNs, error }: DialAnswer, socket: Socket | undefined): void {
    const done = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (!done) socket?.destroy()
    else if (socket) done(undefined, { socket, startNs: BigInt(startNs), connectedNs: BigInt(connectedNs) })
    else
      done(
        Object.assign(new Error(error?.message ?? 'the connection was not handed over'), {
          code: error?.code,
        }),
      )
  }

  #settle(error: Error | undefined): void {
    this.#isReady = error === undefined
    for (const tell of this.#whenReady.splice(0)) tell(error)
  }

  #end(error: Error): void {
    this.#ended = error
    this.#settle(error)
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const done of waiting) done(error)
  }
}
