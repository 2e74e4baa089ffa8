import { createServer, type Socket } from 'node:net'
import { dial } from './dial.ts'
import type { FlowTable } from './flow-table.ts'
import { listen } from './listen.ts'
import type { LoadBalancerConfig } from './protocol.ts'
import { relay, reset } from './relay.ts'

/**
 * A load balancer that proxies: takes TCP connections and opens one to its only upstream for each.
 * @throws the listen error.
 */
export async function startLoadBalancer(config: LoadBalancerConfig, flows: FlowTable): Promise<void> {
  const { upstream } = config

  async function carry(client: Socket): Promise<void> {
    const key = { direction: 'forward' as const, source: client.remoteAddress ?? 'unknown', upstream }
    try {
      const socket = await dial(upstream)
      relay(client, socket, flows.open({ ...key, protocol: 'TCP' }))
    } catch (error) {
      flows.fail(key, error)
      reset(client)
    }
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    client.on('error', () => {}) // also shows as `close`
    void carry(client)
  })
  await listen(server, config.listen)
}
