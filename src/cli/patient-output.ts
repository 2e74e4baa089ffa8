import { constants, openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Writing that never keeps this process from its work, whoever reads it. Node's own writes to a terminal wait while
 * that is stopped (Ctrl-S, a `script` that hangs), and with them all timers, measurements and signals.
 */

const retryMs = 50
const lookEveryMs = 10
/** Of what is not worth waiting for; a pipe itself holds as much again. */
const mostWaitingBytes = 64 * 1024
/** Between the end of the work and the end of the process. */
const lastWordsMs = 1000

/** What takes bytes and tells how many it still holds. */
interface Sink {
  readonly waitingBytes: () => number
  readonly take: (chunk: string | Uint8Array) => void
}

/** Standard output or standard error. */
type Output = NodeJS.WriteStream & { readonly fd: number }

/**
 * Lets a terminal take results when it can; the process stays until it has all of them.
 * @returns what waits until all of it was written, however long its reader takes
 */
export function waitAside(stream: Output): () => Promise<void> {
  const sink = terminalSink(stream, true)
  if (sink) redirect(stream, sink.take)
  const waitingBytes = sink?.waitingBytes ?? (() => stream.writableLength)
  return async () => {
    while (waitingBytes() > 0 && stream.errored === null) await sleep(lookEveryMs)
  }
}

/**
 * Makes a stream drop the newest of what nobody takes: progress is never worth a run.
 * @returns what waits, at the end of the work, until all was taken or it is clear that nobody takes it; true when it was
 */
export function neverWait(stream: Output): () => Promise<boolean> {
  const sink = terminalSink(stream, false) ?? streamSink(stream)
  redirect(stream, (chunk) => {
    if (sink.waitingBytes() <= mostWaitingBytes) sink.take(chunk)
  })
  return async () => {
    const endMs = performance.now() + lastWordsMs
    while (sink.waitingBytes() > 0 && performance.now() < endMs) await sleep(lookEveryMs)
    return sink.waitingBytes() === 0
  }
}

/** Pipes and files: Node keeps what a pipe does not take. */
function streamSink(stream: NodeJS.WriteStream): Sink {
  const write = stream.write.bind(stream)
  return { waitingBytes: () => stream.writableLength, take: (chunk) => void write(chunk) }
}

/** A terminal, by a descriptor of its own that does not wait; undefined where there is none to be had. */
function terminalSink(stream: Output, keepsAlive: boolean): Sink | undefined {
  const fd = stream.isTTY ? openAgain(stream.fd) : undefined
  if (fd === undefined) return undefined
  let waiting: Buffer = Buffer.alloc(0)
  let retry: NodeJS.Timeout | undefined
  const flush = () => {
    retry = undefined
    waiting = writeSome(fd, waiting, (error) => stream.emit('error', error))
    if (waiting.length === 0) return
    retry = setTimeout(flush, retryMs)
    if (!keepsAlive) retry.unref()
  }
  return {
    waitingBytes: () => waiting.length,
    take: (chunk) => {
      waiting = Buffer.concat([waiting, typeof chunk === 'string' ? Buffer.from(chunk) : chunk])
      if (retry === undefined) flush()
    },
  }
}

/** Flags such as O_NONBLOCK belong to an open file, which others share: the shell would find it changed. */
function openAgain(fd: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return undefined // the terminal of another user, after su
  }
}

/** What is left then: nothing, once a terminal is gone. */
function writeSome(fd: number, bytes: Buffer, onError: (error: unknown) => void): Buffer {
  let left = bytes
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(fd, left))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return left
      onError(error)
      return Buffer.alloc(0)
    }
  }
  return left
}

type Callback = () => void

function redirect(stream: NodeJS.WriteStream, take: Sink['take']): void {
  stream.write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Callback, callback?: Callback) => {
    take(typeof chunk === 'string' && typeof encoding === 'string' ? Buffer.from(chunk, encoding) : chunk)
    const done = typeof encoding === 'function' ? encoding : callback
    if (done) process.nextTick(done)
    return true
  }
}
