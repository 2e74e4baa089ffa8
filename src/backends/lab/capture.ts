import { nft, type LabStep } from './command.ts'
import type { Capture } from './mesh.ts'
import { hbonePort } from '../../plan/names.ts'

/**
 * Captures what client pods send to services, in the kernel: the application knows nothing of it. As ambient's
 * in-pod redirection does, packets are turned around in nat OUTPUT; one port per service says which service was
 * meant, where ztunnel asks the socket. ztunnel's own connections go to pods and gateways, never to a service
 * address, so they need no mark to get past.
 */
export function captureStep(captures: readonly Capture[]): LabStep {
  return {
    name: 'capture what client pods send to services',
    commands: captures
      .filter(({ services }) => services.length > 0)
      .map((capture) => nft(capture.pod.netns, ruleset(capture))),
  }
}

/** Where a real ztunnel takes what its pods send; the kernel tells it what was meant. */
const ztunnelOutboundPort = 15_001
/** The mark of a real ztunnel's own connections, which must not come back to it, and the bits that matter. */
export const ztunnelMark = 1337
const markMask = '0xfff'

/** As istio-cni does it, for what a pod sends. Source: istio `tools/istio-iptables/pkg/capture` of ambient pods. */
const everythingRuleset = [
  'table ip capture {',
  '  chain output {',
  '    type nat hook output priority -100;',
  '    oifname "lo" return',
  `    meta mark & ${markMask} != 0x${ztunnelMark.toString(16)} meta l4proto tcp redirect to :${ztunnelOutboundPort}`,
  '  }',
  '}',
]

function ruleset(capture: Capture): string[] {
  return capture.everything ? everythingRuleset : ownRuleset(capture)
}

function ownRuleset({ pod, services, sameNode }: Capture): string[] {
  const elements = services.map(({ vip, port, capturePort }) => `${vip} . ${port} : ${capturePort}`)
  return [
    'table ip capture {',
    '  map services {',
    '    type ipv4_addr . inet_service : inet_service',
    `    elements = { ${elements.join(', ')} }`,
    '  }',
    '  chain output {',
    '    type nat hook output priority -100;',
    '    oifname "lo" return',
    '    ip daddr . tcp dport @services redirect to :ip daddr . tcp dport map @services',
    ...sameNode.map((ip) => `    ip daddr ${ip} tcp dport ${hbonePort} dnat to ${pod.ip}:${hbonePort}`),
    '  }',
    '}',
  ]
}
