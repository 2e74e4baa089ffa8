import type { FlowTable } from './flow-table.ts'
import { startGateway } from './gateway.ts'
import { startInbound } from './inbound.ts'
import { startLoadBalancer } from './load-balancer.ts'
import { startOutbound } from './outbound.ts'
import type { ComponentConfig } from './protocol.ts'

/** Starts the role that the configuration names; resolves when it listens everywhere. @throws the listen error. */
export async function startComponent(config: ComponentConfig, flows: FlowTable): Promise<void> {
  switch (config.role) {
    case 'ztunnel':
      if (config.inbound) await startInbound(config, config.inbound, flows)
      if (config.outbound) await startOutbound(config, config.outbound, flows)
      return
    case 'gateway':
      return await startGateway(config, flows)
    case 'load-balancer':
      return await startLoadBalancer(config, flows)
  }
}
