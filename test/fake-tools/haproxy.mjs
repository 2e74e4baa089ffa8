// Answers HAProxy's `show sess` for a fake load balancer: haproxy.mjs FOLDER CONTAINER PORT
import { createServer } from 'node:net'
import { haproxySessions } from './telemetry.mjs'

const [folder, container, port] = process.argv.slice(2)

createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', (command) => {
    socket.end(
      command.toString().startsWith('show sess')
        ? `${haproxySessions(folder, container)}\n`
        : 'Unknown command.\n\n',
    )
  })
}).listen(Number(port), '127.0.0.1')
