// A tiny server and client for tests of the network alone. `serve HOST PORT...` tells every client its address;
// `dial HOST:PORT...` connects to each and prints what came of it. `source HOST PORT BYTES` sends every client a
// known sequence of bytes; `sink HOST:PORT` reads it and prints its length and digest.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const modes = { serve, dial: dialAll, source, sink }
const [mode, ...words] = process.argv.slice(2)
await modes[mode](...words)

async function serve(host, ...ports) {
  for (const port of ports) {
    await listen(host, port, (socket) => socket.end(`${socket.remoteAddress} ${socket.localAddress} ${port}`))
  }
  stay()
}

async function dialAll(...targets) {
  print(await Promise.all(targets.map((target) => dial(target))))
}

function dial(target) {
  const [host, port] = target.split(':')
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host, port: Number(port) })
    const timer = setTimeout(() => socket.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })), 6000)
    const finish = (answer) => {
      clearTimeout(timer)
      resolve({ target, ...answer })
    }
    socket.on('data', (chunk) => (text += chunk))
    socket.on('error', (error) => finish({ error: error.code }))
    socket.on('end', () => {
      const [peer, local, at] = text.split(' ')
      finish({ peer, local, port: Number(at) })
    })
  })
}

async function source(host, port, bytes) {
  const data = Buffer.from(Uint8Array.from({ length: Number(bytes) }, (_, i) => (i * 7 + (i >> 8)) & 0xff))
  await listen(host, port, (socket) => socket.end(data))
  stay()
}

async function sink(target) {
  const [host, port] = target.split(':')
  const socket = connect({ host, port: Number(port) })
  const hash = createHash('sha256')
  let bytes = 0
  socket.on('data', (chunk) => {
    hash.update(chunk)
    bytes += chunk.length
  })
  await once(socket, 'end')
  print({ bytes, sha256: hash.digest('hex') })
}

function listen(host, port, onConnection) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    onConnection(socket)
  })
  return new Promise((resolve) => server.listen({ host, port: Number(port) }, resolve))
}

/** Until the end of input. */
function stay() {
  print({ type: 'listening' })
  process.stdin.resume().on('end', () => process.exit())
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
