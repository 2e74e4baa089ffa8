// Stands for everything between a client pod and the server pod: it decides the way when a connection comes, counts it
// and passes the bytes on.
import { connect, createServer } from 'node:net'
import { routeFrom } from './data-plane.mjs'
import { withModel } from './model.mjs'
import { ByteCounters, closeRecord, openRecord } from './traffic.mjs'

export class Relays {
  #folder
  #from
  #bytes
  #ports = new Map()
  #ends = new Set()

  constructor(folder, from) {
    this.#folder = folder
    this.#from = from
  }

  /** Where the agent of this pod has to send what is meant for `target`. */
  async of({ host, port }) {
    const key = `${host}:${port}`
    if (!this.#ports.has(key)) {
      const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) =>
        this.#carry(socket, host, port),
      )
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
      this.#ports.set(key, server.address().port)
    }
    return { host: '127.0.0.1', port: this.#ports.get(key) }
  }

  /** The client is gone: its connections close. */
  close() {
    for (const end of [...this.#ends]) end()
  }

  #carry(client, host, port) {
    const folder = this.#folder
    const { pod, cluster } = this.#from
    client.on('error', () => {})
    const { route, agentPort } = withModel(folder, (model) => ({
      route: routeFrom(model, cluster, pod, host, port),
      agentPort: model.agentPort,
    }))
    const record = openRecord(folder, route)
    this.#bytes ??= new ByteCounters(folder)
    const bytes = this.#bytes
    let [up, down] = [0, 0]
    if (route.error) {
      closeRecord(folder, record, 0, 0)
      client.resetAndDestroy()
      return
    }
    const server = connect({ host: route.server.ip, port: agentPort, noDelay: true, allowHalfOpen: true })
    // Counted before they go on: whoever saw an answer can read what it cost.
    client.on('data', (chunk) => {
      up += chunk.length
      bytes.write(record, up, down)
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      down += chunk.length
      bytes.write(record, up, down)
      client.write(chunk)
    })
    client.on('end', () => server.end())
    server.on('end', () => client.end())
    server.on('error', () => client.resetAndDestroy())
    let isOpen = true
    const end = () => {
      this.#ends.delete(end)
      if (isOpen) closeRecord(folder, record, up, down)
      isOpen = false
      client.destroy()
      server.destroy()
    }
    this.#ends.add(end)
    client.on('close', end)
    server.on('close', end)
  }
}
