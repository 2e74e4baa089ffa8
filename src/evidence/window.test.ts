import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Flow, EvidenceSnapshot } from './flow.ts'
import { evidenceWindow } from './window.ts'

const component = { kind: 'ztunnel', cluster: 'c1', node: 1 } as const

function snapshot(flows: readonly Flow[], served: number): EvidenceSnapshot {
  return {
    components: [{ component, instance: 'zt', flows }],
    served: [{ workload: 'server', byPath: { p: served } }],
  }
}

const base: Flow = {
  direction: 'outbound',
  protocol: 'HBONE',
  source: '10.1.0.1',
  upstream: '10.1.0.2:15008',
  connections: 1,
  open: 1,
  bytesUp: 100,
  bytesDown: 200,
}

test('a window holds the difference of two readings', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.nat(1e6), fc.nat(1000), (up, down, served) => {
      const later = { ...base, bytesUp: 100 + up, bytesDown: 200 + down }
      const window = evidenceWindow(snapshot([base], 5), snapshot([later], 5 + served))
      const [flow] = window.components[0]!.flows
      expect(flow === undefined).toBe(up === 0 && down === 0)
      if (flow) expect([flow.bytesUp, flow.bytesDown, flow.connections]).toEqual([up, down, 0])
      expect(window.served.get('server')).toEqual({ p: served })
    }),
  )
})

test('a flow that first shows in the second reading counts whole', () => {
  const window = evidenceWindow(snapshot([], 0), snapshot([base], 0))
  expect(window.components[0]!.flows).toEqual([base])
})

test('flows without byte counts are active while a connection is open', () => {
  const { bytesUp: _up, bytesDown: _down, ...uncounted } = base
  const window = evidenceWindow(
    snapshot([uncounted], 0),
    snapshot([uncounted, { ...uncounted, source: '10.1.0.9', open: 0 }], 0),
  )
  expect(window.components[0]!.flows.map((f) => f.source)).toEqual(['10.1.0.1', '10.1.0.9'])
})

test('a connection without byte counts that closed in the window was active in it', () => {
  const { bytesUp: _up, bytesDown: _down, ...uncounted } = base
  const closed = { ...uncounted, open: 0 }
  const flowsOf = (before: Flow) =>
    evidenceWindow(snapshot([before], 0), snapshot([closed], 0)).components[0]!.flows
  expect(flowsOf(uncounted)).toHaveLength(1)
  expect(flowsOf(closed)).toHaveLength(0)
})
