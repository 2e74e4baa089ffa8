import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const program = `
  const server = require('node:net').createServer()
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(server.address().port))
`

/** A loopback port that does not answer SYN: its queue of connections is full and the process behind it is stopped. */
export class BlackHole {
  readonly port: number
  readonly #child: ChildProcess
  readonly #sockets: Socket[] = []

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async open(): Promise<BlackHole> {
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const hole = new BlackHole(child, Number(line.toString()))
    child.kill('SIGSTOP')
    await hole.#fill()
    return hole
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  async #fill(): Promise<void> {
    for (;;) {
      const socket = connect({ host: '127.0.0.1', port: this.port })
      socket.on('error', () => {})
      this.#sockets.push(socket)
      const connected = await Promise.race([once(socket, 'connect'), sleep(500)])
      if (connected === undefined) return
    }
  }
}
