import type { Readable, Writable } from 'node:stream'
import { Dialers } from './dialers.ts'
import { createDriver } from './drivers/drivers.ts'
import { MessageError } from './fields.ts'
import { type LoadMessage, type LoadRequest } from './load-protocol.ts'
import type { Driver } from './drivers/driver.ts'
import { HealthMonitor } from './health.ts'
import { readLines, writeLine } from '../process/lines.ts'
import { parseLoadRequest } from './messages.ts'
import { agentProtocolVersion, type Target } from './protocol.ts'

/**
 * `agent load`: does what the lines of input ask, one after the other. Resolves at the end of input or when `signal`
 * aborts, with every connection closed, also in the middle of a turn.
 * @throws when a line is malformed or comes at the wrong time.
 */
export function load(input: Readable, output: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = new LoadSession((message) => writeLine(output, message))
    let last: Promise<void> = Promise.resolve()
    let over = false
    const end = (settle: () => void) => {
      if (over) return
      over = true
      session.close().then(settle, settle)
    }
    readLines(
      input,
      (line) => {
        last = last
          .then(() => (over ? undefined : session.handle(parseLoadRequest(line))))
          .catch((error: unknown) => end(() => reject(error)))
      },
      { onEnd: () => end(resolve) },
    )
    signal.addEventListener('abort', () => end(resolve), { once: true })
  })
}

class LoadSession {
  readonly #say: (message: LoadMessage) => void
  readonly #health = new HealthMonitor()
  readonly #dialers = new Dialers()
  #driver: Driver | undefined

  constructor(say: (message: LoadMessage) => void) {
    this.#say = say
  }

  async handle(request: LoadRequest): Promise<void> {
    if (request.type === 'open') {
      if (this.#driver) throw new MessageError('"open" while a driver is open: send "close" first')
      const { load: asked, targets, timeoutMs, check = 'echo', halves = false } = request
      await this.#dialers.start(targets)
      const dialFor = (dialer: Target['dialer']) => this.#dialers.dialFor(dialer)
      this.#driver = await createDriver({ load: asked, targets, timeoutMs, check, halves, dialFor })
      await this.#driver.open()
      this.#say({ type: 'opened', version: agentProtocolVersion, node: process.version })
    } else if (request.type === 'turn') {
      const driver = this.#driver
      if (!driver) throw new MessageError('"turn" before "open"')
      this.#health.start()
      await driver.turn(request)
      const health = this.#health.stop()
      this.#say({ type: 'turn', id: request.id, samples: driver.takeSamples(), health })
    } else {
      await this.closeDriver()
      this.#say({ type: 'closed' })
    }
  }

  async close(): Promise<void> {
    await this.closeDriver()
    this.#dialers.close()
  }

  async closeDriver(): Promise<void> {
    const driver = this.#driver
    this.#driver = undefined
    await driver?.close()
  }
}
