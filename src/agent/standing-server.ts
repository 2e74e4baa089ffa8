import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { readLines, writeLine } from '../process/lines.ts'
import { until } from '../process/until.ts'
import { parseServeConfig, parseStatsRequest } from './messages.ts'
import type { ServeConfig } from './protocol.ts'
import { startEchoServer } from './server/echo-server.ts'

/**
 * Environment variable with a ServeConfig for `agent serve`: the server of a pod has nobody at its standard input, so
 * it is told by its environment and asked by way of `agent attach`.
 */
export const serveVariable = 'HOPMETER_SERVE'

const startsWithinMs = 5000
const retryMs = 100

/** In Linux's abstract namespace, which belongs to the pod's network namespace and leaves no file behind. */
function controlSocket({ pod, port }: ServeConfig): string {
  return `\0hopmeter-agent-${pod}-${port}`
}

/**
 * `agent serve` by environment: runs until `signal` aborts, whatever happens to standard input.
 * @throws when the configuration is malformed or the port cannot be opened.
 */
export async function standAsServer(config: string, output: Writable, signal: AbortSignal): Promise<void> {
  const parsed = parseServeConfig(config)
  const server = await startEchoServer(parsed)
  const control = await listenForControl(parsed, (socket) => {
    const say = (message: object) => {
      if (socket.writable) writeLine(socket, message)
    }
    socket.on('error', () => {}) // whoever asked went away
    readLines(
      socket,
      (line) => {
        try {
          parseStatsRequest(line)
          say({ type: 'stats', ...server.stats.take() })
        } catch (error) {
          say({ type: 'error', message: error instanceof Error ? error.message : String(error) })
        }
      },
      { onEnd: () => socket.end() },
    )
    say({ type: 'listening', host: parsed.host, port: server.port })
  })
  writeLine(output, { type: 'listening', host: parsed.host, port: server.port })
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  control.close()
  await server.close()
}

/**
 * `agent attach`: connects standard input and output to the server that stands in this network namespace and was told
 * the same configuration. Resolves at the end of either.
 * @throws when no such server stands here, after some seconds.
 */
export async function attach(
  config: string,
  input: Readable,
  output: Writable,
  signal: AbortSignal,
): Promise<void> {
  const name = controlSocket(parseServeConfig(config))
  const socket = await connectWhenReady(name, signal)
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.pipe(output, { end: false })
    input.pipe(socket)
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
  })
}

/** The server may be starting: a pod counts as ready before its program listens. */
async function connectWhenReady(name: string, signal: AbortSignal): Promise<Socket> {
  let failure: unknown
  const socket = await until(
    () =>
      connected(name).catch((error: unknown) => {
        failure = error
        return undefined
      }),
    { everyMs: retryMs, deadlineMs: startsWithinMs, signal },
  )
  if (!socket) throw failure
  return socket
}

function connected(name: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(name)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

function listenForControl(config: ServeConfig, serve: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const control = createServer({ allowHalfOpen: false }, serve)
    control.once('error', reject)
    control.listen(controlSocket(config), () => resolve(control))
  })
}
