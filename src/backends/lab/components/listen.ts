import type { Server } from 'node:net'
import { parseAddress } from './dial.ts'

/** Listens on `ip:port`. @throws the listen error, e.g. EADDRINUSE. */
export async function listen(server: Server, address: string): Promise<Server> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(parseAddress(address), () => {
      server.off('error', reject)
      // Accept errors (too many open files) are about one connection and must not end the component.
      server.on('error', () => {})
      resolve()
    })
  })
  return server
}
