import { expect, test } from 'vitest'
import type { Flow } from './flow.ts'
import { judgeClients } from './judge-clients.ts'
import { judgePath } from './judge.ts'
import { bytesSent, observation } from './testing/synthetic-traffic.ts'
import type { EvidenceWindow } from './window.ts'

const direct = [
  { kind: 'client-pod', cluster: 'east-1', node: 1 },
  { kind: 'ztunnel', cluster: 'east-1', node: 1 },
  { kind: 'ztunnel', cluster: 'west', node: 1 },
  { kind: 'server-pod', cluster: 'west', node: 1 },
] as const
const pods = ['10.0.0.1', '10.0.0.2', '10.0.0.3']

/** The same traffic from each of these pods; bytes are counted for all of them together. */
function trafficOf(
  sources: readonly string[],
  change: (flow: Flow, source: string) => Flow = (flow) => flow,
) {
  const { observation: observed, window } = observation(direct, direct)
  const components = window.components.map((entry) => ({
    ...entry,
    flows: entry.flows.flatMap((flow) =>
      sources.map((source) => {
        const { bytesUp = 0, bytesDown = 0, ...rest } = flow
        const total = { sharedBytesUp: bytesUp, sharedBytesDown: bytesDown }
        return change({ ...rest, source, ...total }, source)
      }),
    ),
  }))
  return { observed, window: { ...window, components } satisfies EvidenceWindow }
}

function judgeAll({ observed, window }: ReturnType<typeof trafficOf>) {
  const perPod = pods.map((ip) => {
    const otherClients = pods.filter((other) => other !== ip)
    const subject = { ...observed.subject, clientAddresses: [ip, '10.255.0.1'], otherClients }
    return judgePath({ ...observed, subject }, window)
  })
  return judgeClients(perPod, observed.answeredBy)
}

test('a path is proven for several client pods when each is seen on all of it', () => {
  const evidence = judgeAll(trafficOf(pods))
  expect(evidence).toMatchObject({ verdict: 'proven', clients: 3, reasons: [] })
  expect(evidence.hops[1]?.bytesUp).toBeGreaterThanOrEqual(bytesSent)
})

test('a client pod whose traffic no component saw leaves the path unproven, and is named', () => {
  const evidence = judgeAll(trafficOf(pods.slice(0, 2)))
  expect(evidence.verdict).not.toBe('proven')
  expect(evidence.reasons.join('\n')).toContain('client pod 3 of 3: ')
})

test('one client pod that went another way makes the path a mismatch', () => {
  const evidence = judgeAll(
    trafficOf(pods, (flow, source) =>
      flow.direction === 'outbound' && source === pods[1] ? { ...flow, protocol: 'TCP' } : flow,
    ),
  )
  expect(evidence.verdict).toBe('mismatch')
  expect(evidence.reasons).toEqual(['client pod 2 of 3: expected protocol HBONE, observed TCP'])
})

test('bytes that are missing from the sum of all client pods are missed', () => {
  const evidence = judgeAll(trafficOf(pods, (flow) => ({ ...flow, sharedBytesUp: bytesSent - 1 })))
  expect(evidence.verdict).toBe('mismatch')
  // True of every pod, so none is named.
  expect(evidence.reasons[0]).toMatch(/^ztunnel.* carried \d+ bytes of the/)
})
