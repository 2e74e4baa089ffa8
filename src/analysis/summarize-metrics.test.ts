import { describe, expect, test } from 'vitest'
import { summaryMarkdown } from '../report/render/markdown/summary.ts'
import { summaryText } from '../report/render/text/summary.ts'
import type { QuantilesNs, RunResult } from '../results/schema.ts'
import { comparePaths } from './compare-paths.ts'
import { parseFailRule, regressions } from './fail-on.ts'
import { chosenMetrics, countOf } from './metrics.ts'
import { summarizeRun } from './summarize-run.ts'
import { madeRun } from './testing/made-run.ts'

const id = '2026-11-23t01-02-03z-hop-ladder-7f3a'

/** A run of the load profile whose further times are the whole time scaled, so that every difference is known. */
async function runOf(
  profile: 'open' | 'connect',
  scales: Readonly<Record<string, number>>,
): Promise<RunResult> {
  const scaled = (values: QuantilesNs, by: number) =>
    Object.fromEntries(Object.entries(values).map(([name, ns]) => [name, ns * by])) as QuantilesNs
  return madeRun({
    id,
    rounds: 20,
    change: (result) => ({
      ...result,
      loads: [{ id: 'pingpong', profile }],
      measured: result.measured.map((round) => ({
        ...round,
        paths: round.paths.map((path) => ({
          ...path,
          coldQuantilesNs: round.round === 1 ? scaled(path.quantilesNs!, 10) : undefined,
          extraQuantilesNs: Object.fromEntries(
            Object.entries(scales).map(([name, by]) => [name, scaled(path.quantilesNs!, by)]),
          ),
        })),
      })),
    }),
  })
}

const connect = () => runOf('connect', { connect: 0.5, firstByte: 0.9, wait: 0.4 })
const open = () => runOf('open', { response: 2, lag: 1 })

describe('metrics of a load', () => {
  test('are told apart in the summary, with steps of their own', async () => {
    const { metrics, steps } = summarizeRun(await connect())
    const stepOf = (name: string) =>
      metrics.find((m) => m.name === name)!.steps.find((s) => s.to === 'gateway')!.comparison
    const total = steps.find((s) => s.to === 'gateway')!.comparison
    expect(stepOf('total')).toEqual(total)
    expect(stepOf('connect').difference! / total.difference!).toBeCloseTo(0.5, 2)
    expect(stepOf('first-byte').difference! / total.difference!).toBeCloseTo(0.9, 2)
    expect(stepOf('connect').verdict).toBe('slower')
  })

  test('of a constant rate are response, also at its tail, then service and lag', async () => {
    const { metrics } = summarizeRun(await open())
    expect(metrics.filter((m) => m.isDefault).map((m) => m.name)).toEqual(['response', 'service', 'lag'])
    const [response] = metrics
    expect(new Set(response!.steps.map((s) => s.quantile))).toEqual(new Set(['p50', 'p99']))
  })

  test('first connections have a median over builds and no tail', async () => {
    const summary = summarizeRun(await connect())
    const cold = summary.metrics.find((m) => m.name === 'cold')!
    const single = cold.paths.find((p) => p.path === 'single')!
    expect(single.quantiles.p50.n).toBe(1)
    expect(summaryText(summary)).toContain('load pingpong, cold:')
    const section = summaryText(summary).split('load pingpong, cold:')[1]!.split('What each step')[0]
    expect(section).not.toContain('p99')
  })

  test('steps of one load, metric and quantile are one family', async () => {
    const { metrics } = summarizeRun(await open())
    for (const { steps } of metrics.filter(({ name }) => name !== 'cold')) {
      const family = steps.filter((s) => s.quantile === 'p50')
      const adjusted = family.map(
        ({ comparison }) => comparison as unknown as { adjustedP: number; pValue: number },
      )
      for (const { adjustedP, pValue } of adjusted) {
        expect(adjustedP).toBeLessThanOrEqual(Math.min(1, pValue * family.length) + 1e-12)
      }
    }
  })

  test('are chosen by name; latency is the whole time of any profile', async () => {
    const summary = summarizeRun(await connect())
    const text = summaryText(summary, undefined, { metrics: ['wait'] })
    expect(text).toContain('load pingpong, wait: connected to first byte')
    expect(text).not.toContain('first-byte')
    expect(summaryMarkdown(summary, { metrics: ['latency'] })).toContain('total')
    expect(() => chosenMetrics('open', ['speed'])).toThrow('no metric "speed"')
  })

  test('count their own latencies', () => {
    const path = { n: 90, received: 100 }
    expect(['warm', 'cold', 'response', 'lag'].map((series) => countOf({ series }, path))).toEqual([
      90, 10, 100, 90,
    ])
  })
})

describe('comparisons by metric', () => {
  test('have a row per metric and quantile, and rules hold for the headline unless they name another', async () => {
    const result = await connect()
    const { rows } = comparePaths(result, 'single', 'gateway')
    expect([...new Set(rows.map((row) => row.metric))]).toEqual(['connect', 'first-byte', 'total', 'cold'])
    const broken = (rule: string) => regressions(rows, parseFailRule(rule)).map((row) => row.metric)
    expect(broken('p50>5%')).toEqual(['connect'])
    expect(broken('total.p50>5%')).toEqual(['total'])
    const chosen = comparePaths(result, 'single', 'gateway', { metrics: ['wait'] })
    expect([...new Set(chosen.rows.map((row) => row.metric))]).toEqual(['wait'])
  })
})
