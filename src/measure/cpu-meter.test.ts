import { expect, test } from 'vitest'
import type { ComponentCpu, CpuSource, Testbed } from '../backends/backend.ts'
import { CpuMeter } from './cpu-meter.ts'

const ztunnel = { kind: 'ztunnel', cluster: 'east-1', node: 1 } as const
const gateway = { kind: 'east-west-gateway', cluster: 'west' } as const
const client = { kind: 'client-pod', cluster: 'east-1', node: 1 } as const
const exact: CpuSource = { name: 'schedstat', perTurn: true, coversTestbed: true }
const coarse: CpuSource = { name: 'cadvisor', perTurn: false, coversTestbed: false }

/** A meter on counters that stand at the next reading with each call; the last one stays. */
function meterOf(readings: readonly (readonly ComponentCpu[])[], cpuSource: CpuSource): CpuMeter {
  let next = 0
  const cpuUsage = () => Promise.resolve(readings[Math.min(next++, readings.length - 1)] ?? [])
  return new CpuMeter({ cpuUsage, cpuSource } as unknown as Testbed)
}

test('each turn has what its components used, and the round their sum', async () => {
  const meter = meterOf(
    [
      [
        { component: ztunnel, cpuMs: 100 },
        { component: gateway, cpuMs: 7 },
      ],
      [
        { component: ztunnel, cpuMs: 130.5 },
        { component: gateway, cpuMs: 7 },
      ],
      [
        { component: ztunnel, cpuMs: 131 },
        { component: gateway, cpuMs: 9 },
      ],
    ],
    exact,
  )
  await meter.begin()
  expect(await meter.lap()).toEqual([
    { component: ztunnel, cpuMs: 30.5 },
    { component: gateway, cpuMs: 0 },
  ])
  expect(await meter.lap()).toEqual([
    { component: ztunnel, cpuMs: 0.5 },
    { component: gateway, cpuMs: 2 },
  ])
  expect(await meter.end(false)).toEqual({
    componentCpu: [
      { component: ztunnel, cpuMs: 31 },
      { component: gateway, cpuMs: 2 },
    ],
  })
})

test('what a quota stopped is named, client pods too, and only then', async () => {
  const at = (ms: number): ComponentCpu[] => [
    { component: ztunnel, cpuMs: 1, throttledMs: ms },
    { component: client, cpuMs: 1, throttledMs: 2 * ms },
    { component: gateway, cpuMs: 1, throttledMs: 5 },
  ]
  const meter = meterOf([at(10), at(14)], exact)
  await meter.begin()
  await meter.lap()
  const { throttled, componentCpu } = await meter.end(false)
  expect(throttled).toEqual([
    { component: ztunnel, throttledMs: 4 },
    { component: client, throttledMs: 8 },
  ])
  // Load generators know their own CPU time.
  expect(componentCpu.map(({ component }) => component)).toEqual([ztunnel, gateway])
})

test('a component that is new, or was started again, is left out rather than guessed', async () => {
  const meter = meterOf(
    [
      [{ component: ztunnel, cpuMs: 500 }],
      [
        { component: ztunnel, cpuMs: 3 },
        { component: gateway, cpuMs: 8 },
      ],
    ],
    exact,
  )
  await meter.begin()
  expect(await meter.lap()).toEqual([])
})

test('coarse counters give no turn, but sums that miss nothing', async () => {
  const at = (cpuMs: number, atMs: number): ComponentCpu[] => [{ component: ztunnel, cpuMs, atMs }]
  // Old before the first round, then fresh; unmoved and moved during two rounds; old at the end, then fresh.
  const meter = meterOf([at(10, 1), at(20, 2), at(20, 2), at(50, 3), at(80, 4)], coarse)
  await meter.begin()
  expect(await meter.lap()).toBeUndefined()
  const first = await meter.end(false)
  await meter.begin()
  const last = await meter.end(true)
  const sum = [...first.componentCpu, ...last.componentCpu].reduce((total, { cpuMs }) => total + cpuMs, 0)
  expect(sum).toBe(60)
})

test('without a source nothing is read', async () => {
  const meter = new CpuMeter({
    cpuUsage: () => Promise.reject(new Error('not here')),
  } as unknown as Testbed)
  await meter.begin()
  expect([await meter.lap(), await meter.end(true), meter.coversTestbed]).toEqual([
    undefined,
    { componentCpu: [] },
    false,
  ])
})
