import { describe, expect, test } from 'vitest'
import type { RunResult } from '../results/schema.ts'
import { componentKey, componentLabel } from '../topology/component.ts'
import { cpuPerRequest } from './cpu-per-request.ts'
import { kneeOf, sweepsOf } from './sweep.ts'
import { madeRun } from './testing/made-run.ts'

const id = '2026-11-23t01-02-03z-hop-ladder-7f3a'
type Turn = NonNullable<RunResult['measured'][number]['turns']>[number]

/** A run whose turns used known CPU times: so many ms per component, by its label. */
async function runWithTurns(
  turns: readonly (Omit<Turn, 'componentCpuMs' | 'client'> & {
    readonly ms: Readonly<Record<string, number>>
  })[],
): Promise<RunResult> {
  return madeRun({
    id,
    change: (result) => ({
      ...result,
      measured: result.measured.map((round) => ({
        ...round,
        turns: turns.map(({ ms, ...turn }) => ({
          client: 'client-east-1-n1',
          ...turn,
          componentCpuMs: result.components.map((component) => ms[componentLabel(component)] ?? null),
        })),
      })),
    }),
  })
}

const find = (result: RunResult, label: string) =>
  cpuPerRequest(result).find(({ component }) => componentLabel(component) === label)

describe('CPU time per request', () => {
  test('counts, for each component, the requests that passed it, and no others', async () => {
    const result = await runWithTurns([
      {
        load: 'pingpong',
        paths: ['no-mesh', 'single', 'gateway'],
        generatorCpuMs: 30,
        ms: { 'ztunnel (east-1/n1)': 40, 'east-west gateway (west)': 7, 'east-west gateway (south)': 9 },
      },
    ])
    const received = result.measured[0]!.paths[0]!.received
    const shared = find(result, 'ztunnel (east-1/n1)')!
    expect(shared.paths).toEqual(['single', 'gateway'])
    expect(shared.perRequestNs.estimate).toBeCloseTo(40e6 / (2 * received), 3)
    const alone = find(result, 'east-west gateway (west)')!
    expect(alone).toMatchObject({ load: 'pingpong', paths: ['gateway'] })
    expect(alone.perRequestNs.estimate).toBeCloseTo(7e6 / received, 3)
    expect(find(result, 'client pod (east-1/n1)')!.perRequestNs.estimate).toBeCloseTo(
      30e6 / (3 * received),
      3,
    )
    // On no path of this turn: what it used is not the cost of these requests.
    expect(find(result, 'east-west gateway (south)')).toBeUndefined()
  })

  test('leaves controls of older runs out: they are paths that are there already', async () => {
    const result = await runWithTurns([
      { load: 'pingpong', paths: ['single'], generatorCpuMs: 30, ms: { 'ztunnel (east-1/n1)': 40 } },
    ])
    const control = { ...result.paths.find(({ name }) => name === 'single')!, controlOf: 'single' }
    expect(cpuPerRequest(result)).not.toEqual([])
    expect(cpuPerRequest({ ...result, paths: [control] })).toEqual([])
  })

  test('of runs without turns is over rounds, of all paths through a component', async () => {
    const result = await madeRun({ id })
    const through = find(result, 'ztunnel (east-1/n1)')!
    expect(through.paths).toEqual(['single', 'same-network', 'gateway', 'load-balancer'])
    expect(through.perRequestNs.low).not.toBeNull()
    expect(through.load).toBe('pingpong')
  })

  test('of coarse counters is one figure for the run, without an interval', async () => {
    const result = await madeRun({
      id,
      change: (run) => ({
        ...run,
        backend: 'contexts',
        // Counters that move every other round.
        measured: run.measured.map((round, i) => ({
          ...round,
          componentCpuMs: run.components.map(() => (i % 2 === 0 ? 0 : 20)),
        })),
      }),
    })
    const { measured } = result
    const gateway = find(result, 'east-west gateway (west)')!
    const { received } = measured[0]!.paths[0]!
    expect(gateway.perRequestNs.estimate).toBeCloseTo(
      (20e6 * (measured.length / 2)) / (received * measured.length),
      3,
    )
    expect([gateway.perRequestNs.low, gateway.perRequestNs.high, gateway.valid]).toEqual([null, null, null])
  })
})

describe('a sweep over connections', () => {
  test('has rate and CPU time of each path by connections', async () => {
    const made = await runWithTurns([
      {
        load: 'pingpong',
        paths: ['gateway'],
        generatorCpuMs: 30,
        ms: { 'ztunnel (east-1/n1)': 40, 'ztunnel (west/n1)': 10 },
      },
    ])
    const result: RunResult = {
      ...made,
      loads: [{ id: 'pingpong', profile: 'closed', connections: 4, requestBytes: 16, responseBytes: 16 }],
    }
    const sweep = sweepsOf(result).find(({ path }) => path === 'gateway')!
    const [point] = sweep.points
    const round = result.measured[0]!
    const { received } = round.paths.find(({ path }) => path === 'gateway')!
    expect(point!.connections).toBe(4)
    expect(point!.rate.estimate).toBeCloseTo((received * 1000) / round.generators[0]!.wallMs, 6)
    expect(point!.cpuNs.ztunnel!.estimate).toBeCloseTo(50e6 / received, 3)
    expect(point!.cpuNs['client-pod']!.estimate).toBeCloseTo(30e6 / received, 3)
    expect(point!.cpuNs.all!.estimate).toBeCloseTo(80e6 / received, 3)
    expect(point!.cpuNs['load-balancer']).toBeNull()
    expect(new Set(result.components.map(componentKey)).size).toBe(result.components.length)
    // The other paths had no turn: latency is known, CPU time is not.
    expect(sweepsOf(result).find(({ path }) => path === 'single')!.points[0]!.cpuNs.all).toBeNull()
  })

  test('has its knee where rate over latency is largest, given three points', () => {
    const point = (rate: number, p50: number) =>
      ({ rate: { estimate: rate }, p50Ns: { estimate: p50 } }) as unknown as Parameters<
        typeof kneeOf
      >[0][number]
    const points = [point(1000, 100), point(3000, 120), point(3900, 400), point(4000, 1600)]
    expect(kneeOf(points)).toBe(1)
    expect(kneeOf(points.slice(0, 2))).toBeUndefined()
  })
})
