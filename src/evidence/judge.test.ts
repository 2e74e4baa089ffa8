import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Component } from '../topology/model.ts'
import { judgePath } from './judge.ts'
import { bytesSent, observation } from './testing/synthetic-traffic.ts'

const client: Component = { kind: 'client-pod', cluster: 'east-1', node: 1 }
const clientZtunnel: Component = { kind: 'ztunnel', cluster: 'east-1', node: 1 }
const gateway: Component = { kind: 'east-west-gateway', cluster: 'west' }
const loadBalancer: Component = { kind: 'load-balancer', cluster: 'west' }
const serverZtunnel: Component = { kind: 'ztunnel', cluster: 'west', node: 1 }
const server: Component = { kind: 'server-pod', cluster: 'west', node: 1 }

const shapes = {
  plain: [client, server],
  direct: [client, clientZtunnel, serverZtunnel, server],
  gateway: [client, clientZtunnel, gateway, serverZtunnel, server],
  loadBalancer: [client, clientZtunnel, loadBalancer, gateway, serverZtunnel, server],
} as const
type Shape = keyof typeof shapes
const shapeNames = Object.keys(shapes) as Shape[]

function judge(expected: Shape, actual: Shape) {
  const { observation: observed, window } = observation(shapes[expected], shapes[actual])
  return judgePath(observed, window)
}

describe('judging a path', () => {
  test.each(shapeNames)('proves a %s path that took every expected component', (shape) => {
    const evidence = judge(shape, shape)
    expect(evidence).toMatchObject({ verdict: 'proven', reasons: [], observed: shapes[shape] })
    expect(evidence.hops).toHaveLength(shapes[shape].length)
  })

  test('finds a mismatch for every pair of different shapes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...shapeNames), fc.constantFrom(...shapeNames), (expected, actual) => {
        fc.pre(expected !== actual)
        const evidence = judge(expected, actual)
        expect(evidence.verdict).toBe('mismatch')
        expect(evidence.reasons.join('\n')).toContain('likely cause')
      }),
    )
  })

  test('finds a mismatch when anything on the way is of another variant', () => {
    const of = (components: readonly Component[], variant: string, only?: number) =>
      components.map((component, i) => ({ ...component, variant: i === (only ?? i) ? variant : 'base' }))
    fc.assert(
      fc.property(fc.constantFrom(...shapeNames), fc.nat(3), (shape, place) => {
        const inner = 1 + (place % Math.max(1, shapes[shape].length - 2))
        const expected = of(shapes[shape], 'base')
        const right = observation(expected, expected)
        expect(judgePath(right.observation, right.window).verdict).toBe('proven')
        fc.pre(shapes[shape].length > 2)
        const wrong = observation(expected, of(shapes[shape], 'pr', inner))
        expect(judgePath(wrong.observation, wrong.window).verdict).toBe('mismatch')
      }),
    )
  })

  test('names the labels when direct traffic goes through a gateway', () => {
    expect(judge('direct', 'gateway').reasons.join('\n')).toContain('takes the server for another network')
  })

  test('names the labels when gateway traffic is sent direct', () => {
    expect(judge('gateway', 'direct').reasons.join('\n')).toContain('takes the server for its own network')
  })

  test('does not prove a path whose component saw fewer bytes than the client sent', () => {
    const { observation: observed, window } = observation(shapes.direct, shapes.direct)
    const thin = window.components.map((entry, i) =>
      i === 1 ? { ...entry, flows: entry.flows.map((f) => ({ ...f, bytesUp: bytesSent - 1 })) } : entry,
    )
    const evidence = judgePath(observed, { ...window, components: thin })
    expect(evidence.verdict).toBe('mismatch')
    expect(evidence.reasons[0]).toContain('part of the traffic went another way')
    const unanswered = judgePath({ ...observed, answeredBy: [] }, { ...window, components: thin })
    expect(unanswered.reasons[0]).toContain('the rest was lost, or went another way')
  })

  test('does not prove a path that another pod answered', () => {
    const { observation: observed, window } = observation(shapes.direct, shapes.direct)
    const answeredBy = [...observed.answeredBy, { cluster: 'east-1', pod: 'other', count: 1 }]
    const evidence = judgePath({ ...observed, answeredBy }, window)
    expect(evidence.verdict).toBe('mismatch')
    expect(evidence.reasons[0]).toContain('1 response came from other in east-1')
  })

  test('leaves a path unproven when a component in the middle saw nothing', () => {
    const { observation: observed, window } = observation(shapes.gateway, shapes.gateway)
    const blind = window.components.filter((entry) => entry.component.kind !== 'east-west-gateway')
    const evidence = judgePath(observed, { ...window, components: blind })
    expect(evidence.verdict).toBe('unproven')
    expect(evidence.reasons.join('\n')).toContain('saw no traffic of this path')
  })

  test('leaves a path unproven when nobody answered', () => {
    const { observation: observed, window } = observation(shapes.direct, shapes.direct)
    expect(judgePath({ ...observed, answeredBy: [] }, window).verdict).toBe('unproven')
  })

  test('sees two upstreams for one path in one window as a mismatch', () => {
    const { observation: observed, window } = observation(shapes.direct, shapes.direct)
    const forked = window.components.map((entry, i) =>
      i === 0
        ? {
            ...entry,
            flows: [...entry.flows, { ...entry.flows[0]!, upstream: '10.9.9.9:15008', bytesUp: 1 }],
          }
        : entry,
    )
    const evidence = judgePath(observed, { ...window, components: forked })
    expect(evidence.verdict).toBe('mismatch')
    expect(evidence.reasons.join('\n')).toContain('several addresses')
  })

  test.each(['direct', 'gateway', 'loadBalancer'] as const)(
    'calls a %s path that went under another identity a mismatch, wherever that shows',
    (shape) => {
      const { observation: observed, window } = observation(shapes[shape], shapes[shape])
      const under = (isSeen: (direction: string) => boolean) =>
        window.components.map((entry) => ({
          ...entry,
          flows: entry.flows.map((flow) =>
            flow.sourceIdentity !== undefined && isSeen(flow.direction)
              ? { ...flow, sourceIdentity: 'spiffe://cluster.local/ns/hopmeter/sa/somebody-else' }
              : flow,
          ),
        }))
      const everywhere = judgePath(observed, { ...window, components: under(() => true) })
      expect(everywhere.verdict).toBe('mismatch')
      expect(everywhere.reasons.join('\n')).toContain(
        'as spiffe://cluster.local/ns/hopmeter/sa/somebody-else',
      )
      // A server side that takes a client for who has its address sees nothing.
      const atTheClient = judgePath(observed, { ...window, components: under((d) => d === 'outbound') })
      expect(atTheClient.verdict).toBe('mismatch')
      const atTheServer = judgePath(observed, { ...window, components: under((d) => d === 'inbound') })
      expect(atTheServer.verdict).toBe('mismatch')
    },
  )

  test('takes one process in both ztunnel roles for one component and two processes for two', () => {
    const sameNodeServer: Component = { kind: 'server-pod', cluster: 'east-1', node: 1 }
    const twoProcesses = [client, clientZtunnel, clientZtunnel, sameNodeServer]
    const { observation: observed, window } = observation(
      [client, clientZtunnel, sameNodeServer],
      twoProcesses,
    )
    expect(judgePath(observed, window).verdict).toBe('mismatch')
    const oneProcess = window.components.map((entry) => ({ ...entry, instance: 'zt' }))
    expect(judgePath(observed, { ...window, components: oneProcess })).toMatchObject({ verdict: 'proven' })
  })
})
