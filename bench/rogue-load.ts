/**
 * A client that keeps no protocol, started by soak.ts inside the network namespace of a client pod. Speaks to whatever
 * the processes listen on whose ids it is given, and tells from time to time how often it did.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const listening = '0A'
const openAtMost = 40
const pauseMs = 20

/** Listening addresses in a process's network namespace; proc_net(5): hex, address bytes reversed. */
function listeners(pid: string): { readonly host: string; readonly port: number }[] {
  const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').trim().split('\n').slice(1)
  return lines.flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    const host = (address.match(/../g) ?? [])
      .toReversed()
      .map((byte) => Number.parseInt(byte, 16))
      .join('.')
    return state === listening ? [{ host, port: Number.parseInt(port, 16) }] : []
  })
}

const nonsense: readonly ((socket: Socket) => void)[] = [
  (socket) => void socket.write(randomBytes(1 + Math.floor(Math.random() * 4096))),
  (socket) => void socket.write('GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nhalf'),
  (socket) => void socket.write(`GET / HTTP/1.1\r\nx: ${'y'.repeat(60_000)}\r\n\r\n`),
  (socket) => void socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0'),
  (socket) => void socket.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252])),
  (socket) => void socket.end(),
  (socket) => void socket.resetAndDestroy(),
  () => {},
]

const targets = [
  ...new Map(
    process.argv
      .slice(2)
      .flatMap(listeners)
      .map((at) => [`${at.host}:${at.port}`, at]),
  ).values(),
]
const open: Socket[] = []
let [tried, connected] = [0, 0]
for (;;) {
  const at = targets[Math.floor(Math.random() * targets.length)]
  if (!at) throw new Error('nothing listens')
  const socket = createConnection(at)
  tried += 1
  socket.on('error', () => {})
  socket.on('connect', () => {
    connected += 1
    nonsense[Math.floor(Math.random() * nonsense.length)]!(socket)
  })
  socket.resume()
  open.push(socket)
  if (open.length > openAtMost) open.shift()?.destroy()
  if (tried % 50 === 0)
    process.stdout.write(`${connected} of ${tried} connections to ${targets.length} addresses\n`)
  await sleep(pauseMs)
}
