import { createSocket } from 'node:dgram'
import { destinationOf, repairChecksums } from './packet.ts'
import type { RelayConfig } from './protocol.ts'

/** Timers of Node are due within about a millisecond; the last one is waited for by turning the event loop. */
const timerSlackMs = 1.2
const receiveBufferBytes = 8 * 1024 * 1024
/** Sent packets stay in the queue's array until this many, because taking one off its front costs a copy. */
const compactAfter = 4096

interface Held {
  readonly packet: Buffer
  readonly to: string
  readonly dueMs: number
}

/**
 * Holds packets between tunnel ends for a while. Every packet of the link is held, also SYN, ACK and FIN, so TCP
 * behaves as over a longer link. Order within a pair of networks is kept.
 * @throws the bind error.
 */
export async function startRelay({ host, port, pairs }: RelayConfig): Promise<void> {
  const delays = new Map<string, Map<string, number>>()
  const queues = new Map<number, DelayQueue>()
  const socket = createSocket('udp4')
  const send = ({ packet, to }: Held) => socket.send(packet, port, to)
  for (const { a, b, delayMs } of pairs) {
    queues.set(delayMs, new DelayQueue(send))
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const source of from) {
        const known = delays.get(source) ?? new Map<string, number>()
        for (const destination of to) known.set(destination, delayMs)
        delays.set(source, known)
      }
    }
  }
  socket.on('message', (packet, { address }) => {
    const arrivedMs = performance.now()
    const to = destinationOf(packet)
    const delayMs = to === undefined ? undefined : delays.get(address)?.get(to)
    if (to === undefined || delayMs === undefined) return
    repairChecksums(packet)
    queues.get(delayMs)?.push({ packet, to, dueMs: arrivedMs + delayMs })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, () => {
      socket.off('error', reject)
      // A packet that cannot be sent is a packet lost, as on any link.
      socket.on('error', () => {})
      resolve()
    })
  })
  socket.setRecvBufferSize(receiveBufferBytes)
  socket.setSendBufferSize(receiveBufferBytes)
}

/** Packets with the same delay fall due in the order of their arrival. */
class DelayQueue {
  readonly #send: (held: Held) => void
  #held: Held[] = []
  #next = 0
  #isWaiting = false

  constructor(send: (held: Held) => void) {
    this.#send = send
  }

  push(held: Held): void {
    this.#held.push(held)
    if (!this.#isWaiting) this.#wait()
  }

  #wait(): void {
    const head = this.#held[this.#next]
    this.#isWaiting = head !== undefined
    if (!head) {
      this.#held = []
      this.#next = 0
      return
    }
    const remainingMs = head.dueMs - performance.now()
    if (remainingMs > timerSlackMs) setTimeout(() => this.#flush(), Math.floor(remainingMs - timerSlackMs))
    else setImmediate(() => this.#flush())
  }

  #flush(): void {
    const now = performance.now()
    let head = this.#held[this.#next]
    while (head && head.dueMs <= now) {
      this.#send(head)
      this.#next += 1
      head = this.#held[this.#next]
    }
    if (this.#next > compactAfter) {
      this.#held = this.#held.slice(this.#next)
      this.#next = 0
    }
    this.#wait()
  }
}
