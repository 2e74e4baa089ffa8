import { createSocket } from 'node:dgram'
import { Alarm, nowMs } from './alarm.ts'
import { DelayQueue, type Held } from './delay-queue.ts'
import { destinationOf, repairChecksums } from './packet.ts'
import type { DelayedPair, RelayConfig } from './protocol.ts'

const bufferBytes = 8 * 1024 * 1024

/**
 * Holds packets between tunnel ends for a while. Every packet of the link is held, also SYN, ACK and FIN, so TCP
 * behaves as over a longer link. Order is kept. `program` is the file that this runs from.
 * @throws the bind error.
 */
export async function startRelay({ host, port, pairs }: RelayConfig, program: URL): Promise<void> {
  const socket = createSocket('udp4')
  const send = ({ packet, to }: Held) => socket.send(packet, port, to)
  const delays = delayTable(pairs)
  const queues = new Map<number, DelayQueue>()
  for (const { delayMs } of pairs) {
    if (queues.has(delayMs)) continue
    queues.set(delayMs, new DelayQueue((ring) => new Alarm(program, ring), send))
  }
  socket.on('message', (packet, { address }) => {
    const arrivedMs = nowMs()
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
  socket.setRecvBufferSize(bufferBytes)
  socket.setSendBufferSize(bufferBytes)
}

/** Delay in ms by source and destination address. */
function delayTable(pairs: readonly DelayedPair[]): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const table = new Map<string, Map<string, number>>()
  const add = (sources: readonly string[], destinations: readonly string[], delayMs: number) => {
    for (const source of sources) {
      const known = table.get(source) ?? new Map<string, number>()
      for (const destination of destinations) known.set(destination, delayMs)
      table.set(source, known)
    }
  }
  for (const { a, b, delayMs } of pairs) {
    add(a, b, delayMs)
    add(b, a, delayMs)
  }
  return table
}
