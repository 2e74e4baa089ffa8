import { createConnection, createServer, type Server } from 'node:net'
import { z } from 'zod'
import { EnvironmentError, HopmeterError, UsageError } from '../errors.ts'

/**
 * One run per host: two runs on one machine measure each other. The lock is a Linux abstract unix socket, which
 * belongs to the network namespace, not to a user or a file: the kernel frees it when its process dies, however it
 * dies, and nothing is left to clean up. Whoever cannot bind it asks the holder who it is.
 */

const answerTimeoutMs = 1000
const maxAnswerBytes = 4096
const maxNameBytes = 100
const attempts = 20

/** Any local process may hold the name and answer anything: what ends up in a message must be harmless. */
const plainText = z.string().regex(/^[\x20-\x7e]{0,200}$/)
const lockHolder = z.object({
  pid: z.number().int().positive(),
  runId: plainText,
  scenario: plainText,
  since: z.iso.datetime(),
})

/** Who runs on this host. */
export type LockHolder = z.infer<typeof lockHolder>

export interface HostLock {
  /** Frees the lock; safe to call twice. */
  release(): Promise<void>
}

/**
 * Takes the host's run lock for as long as the process lives or until `release`. Call it before entering another
 * network namespace. Outside Linux it does nothing.
 * @throws HopmeterError naming the holder when another run has it.
 */
export async function lockHost(run: {
  readonly runId: string
  readonly scenario: string
}): Promise<HostLock> {
  if (process.platform !== 'linux') return { release: async () => {} }
  const name = lockName()
  const holder: LockHolder = { pid: process.pid, ...run, since: new Date().toISOString() }
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const server = await bind(name, JSON.stringify(holder))
    if (server) return { release: () => new Promise((resolve) => server.close(() => resolve())) }
    const answer = await ask(name)
    // The holder went away between our two calls: its lock is free now, or somebody else's.
    if (answer !== 'gone') throw taken(answer)
  }
  throw taken(undefined)
}

/** Does something that sends load, or changes what load runs on, under the host's lock. @throws as `lockHost` does. */
export async function underHostLock<T>(
  run: { readonly runId: string; readonly scenario: string },
  work: () => Promise<T>,
): Promise<T> {
  const lock = await lockHost(run)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

/** Who holds the host's run lock now, if anyone answers. */
export async function hostLockHolder(): Promise<LockHolder | undefined> {
  if (process.platform !== 'linux') return undefined
  const answer = await ask(lockName())
  return answer === 'gone' ? undefined : answer
}

/** `HOPMETER_LOCK_NAME` gives tests, and only tests, a lock of their own. */
function lockName(): string {
  const name = process.env['HOPMETER_LOCK_NAME'] ?? 'hopmeter-run-lock'
  if (name === '' || Buffer.byteLength(name) > maxNameBytes) {
    throw new UsageError(`HOPMETER_LOCK_NAME must have 1 to ${maxNameBytes} bytes`)
  }
  return `\0${name}`
}

/** The listening lock, or undefined when somebody else has it. */
function bind(name: string, answer: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {}) // whoever asked went away
      // Not waiting for their side to close: whoever stays connected must not keep us from letting go.
      socket.end(answer, () => socket.destroy())
    })
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else
        reject(
          new EnvironmentError(`cannot take the run lock of this host: ${error.message}`, { cause: error }),
        )
    })
    server.listen(name, () => {
      server.unref() // the lock is held while the run lasts, but never keeps the process alive
      resolve(server)
    })
  })
}

/** What the holder says of itself; undefined when it says nothing usable, `gone` when there is none. */
function ask(name: string): Promise<LockHolder | undefined | 'gone'> {
  return new Promise((resolve) => {
    let text = ''
    const socket = createConnection(name)
    const settle = (answer: LockHolder | undefined | 'gone') => {
      resolve(answer)
      socket.destroy()
    }
    socket.setEncoding('utf8')
    socket.setTimeout(answerTimeoutMs, () => settle(undefined))
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.length > maxAnswerBytes) settle(undefined)
    })
    // Reset or closed without a word: the holder let go while we waited in its queue.
    socket.on('end', () => settle(text === '' ? 'gone' : parseHolder(text)))
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'gone' : undefined),
    )
  })
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    return lockHolder.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function taken(holder: LockHolder | undefined): HopmeterError {
  const who = holder
    ? `${holder.runId} (scenario "${holder.scenario}", pid ${holder.pid}, since ${holder.since})`
    : 'a process that does not say who it is (ss -xlp | grep hopmeter shows it)'
  return new HopmeterError(`another hopmeter is at work on this host: ${who}`, {
    hint: holder
      ? `Two runs at once would measure each other: wait for it, or stop it with: kill ${holder.pid}`
      : 'Two runs at once would measure each other: wait for it or stop it.',
  })
}
