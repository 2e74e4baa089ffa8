import type { Readable, Writable } from 'node:stream'
import { readLines, writeLine } from '../process/lines.ts'
import { parseServeConfig, parseStatsRequest } from './messages.ts'
import type { ServeMessage } from './protocol.ts'
import { startEchoServer, type EchoServer } from './server/echo-server.ts'

/**
 * `agent serve`: the first line of input is a ServeConfig, later lines ask for counters. Resolves at the end of input
 * or when `signal` aborts, with everything closed.
 * @throws when a line is malformed or the port cannot be opened.
 */
export function serve(input: Readable, output: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let starting: Promise<EchoServer> | undefined
    const say = (message: ServeMessage) => writeLine(output, message)
    const stop = (then: () => void) => {
      input.removeAllListeners('data')
      const closed = starting?.then((server) => server.close()) ?? Promise.resolve()
      closed.then(then, then)
    }
    const fail = (error: unknown) => stop(() => reject(error))
    const receive = (line: string) => {
      if (starting) {
        parseStatsRequest(line)
        starting.then((server) => say({ type: 'stats', ...server.stats.take() }), fail)
        return
      }
      const config = parseServeConfig(line)
      starting = startEchoServer(config)
      starting.then((server) => say({ type: 'listening', host: config.host, port: server.port }), fail)
    }
    readLines(
      input,
      (line) => {
        try {
          receive(line)
        } catch (error) {
          fail(error)
        }
      },
      { onEnd: () => stop(resolve) },
    )
    signal.addEventListener('abort', () => stop(resolve), { once: true })
  })
}
