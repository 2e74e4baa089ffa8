import { componentKey } from '../../topology/component.ts'
import type { Component, PathRuleResult } from '../../topology/model.ts'
import type { Flow, ComponentFlows, OwnedAddress } from '../flow.ts'
import type { PathObservation } from '../judge.ts'
import type { EvidenceWindow } from '../window.ts'

export const bytesSent = 1000
const clientIdentity = 'spiffe://cluster.local/ns/hopmeter/sa/the-client'
const vip = '10.96.0.7:8080'

/** What components would see if traffic of one path visited exactly `components`. */
export function traffic(components: readonly Component[]): {
  window: EvidenceWindow
  addresses: readonly OwnedAddress[]
} {
  const server = components.at(-1)!
  const inner = components.slice(1, -1)
  const listen = new Map(
    components.map((c, i) => [i, `10.0.${i}.1:${c.kind === 'server-pod' ? 8080 : 15008}`]),
  )
  // The server's ztunnel is reached at the server pod's own address.
  const last = components.length - 1
  if (components[last - 1]?.kind === 'ztunnel' && last - 1 > 1) listen.set(last - 1, `10.0.${last}.1:15008`)
  const addresses = components
    .map((component, i) => ({ address: listen.get(i)!, component }))
    .filter((_, i) => i > 1 || components[i]!.kind === 'server-pod')
  const double = inner.some((c) => c.kind === 'east-west-gateway')
  const entries: ComponentFlows[] = inner.map((component, i) => {
    const index = i + 1
    const isClientSide = index === 1 && component.kind === 'ztunnel'
    const flow: Flow = {
      direction: isClientSide ? 'outbound' : component.kind === 'ztunnel' ? 'inbound' : 'forward',
      protocol: double ? 'DOUBLEHBONE' : 'HBONE',
      source: '10.0.0.1',
      ...(component.kind === 'load-balancer' ? {} : { sourceIdentity: clientIdentity }),
      ...(isClientSide ? { requested: vip } : { requested: 'server.hopmeter.svc.cluster.local:8080' }),
      upstream: listen.get(index + 1)!,
      connections: 1,
      open: 1,
      bytesUp: bytesSent + 10,
      bytesDown: bytesSent + 10,
    }
    return { component, instance: `${componentKey(component)}#${index}`, flows: [flow] }
  })
  return {
    window: { components: entries, served: new Map([['the-server', { p: 10 }]]) },
    addresses: inner.length === 0 ? [{ address: listen.get(last)!, component: server }] : addresses,
  }
}

/** An observation in which the rule expects `expected` while traffic took `actual`. */
export function observation(
  expected: readonly Component[],
  actual: readonly Component[],
): {
  observation: PathObservation
  window: EvidenceWindow
} {
  const { window, addresses } = traffic(actual)
  const captured = actual[1]?.kind === 'ztunnel'
  const last = actual.length - 1
  const rule: Extract<PathRuleResult, { possible: true }> = {
    possible: true,
    hops: expected.length,
    protocol: protocolOf(expected),
    components: expected,
  }
  const server = actual[last]!
  return {
    window,
    observation: {
      path: 'p',
      rule,
      subject: {
        client: expected[0]!,
        server: expected.at(-1)!,
        target: captured ? vip : `10.0.${last}.1:8080`,
        serverAddress: `10.0.${last}.1:8080`,
        clientAddresses: ['10.0.0.1', '10.255.0.1'],
        clientIdentitySuffix: '/sa/the-client',
        owners: new Map(addresses.map(({ address, component }) => [address, component])),
      },
      serverPod: 'the-server',
      answeredBy: [{ cluster: server.cluster, pod: 'the-server', count: 10 }],
      bytesSent,
    },
  }
}

function protocolOf(components: readonly Component[]): 'TCP' | 'HBONE' | 'DOUBLEHBONE' {
  if (components.some((c) => c.kind === 'east-west-gateway')) return 'DOUBLEHBONE'
  return components.some((c) => c.kind === 'ztunnel') ? 'HBONE' : 'TCP'
}
