import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ResultError } from '../../errors.ts'
import { decodeHistogram, histogramQuantiles } from '../../results/histogram.ts'
import { toCsv } from './csv.ts'
import { distributionOf } from './distribution.ts'
import { importFortio } from './fortio-import.ts'
import { toFortio } from './fortio.ts'
import { toHdrPercentiles } from './hdr-percentiles.ts'
import { toOpenMetrics } from './openmetrics.ts'
import { emptyRun, hostileNames, hostileRun, ladderRun } from './testing/runs.ts'

const gateway = { path: 'gateway', load: 'pingpong' }

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

describe('CSV', () => {
  test('has one row per round and path, flagged ones too', async () => {
    const result = await ladderRun()
    const [head, ...rows] = parseCsv(toCsv(result))
    expect(rows).toHaveLength(12 * 5)
    const row = Object.fromEntries(head!.map((name, i) => [name, rows[5 + 4]![i]]))
    const { quantilesNs, n, sent } = result.measured[1]!.paths[4]!
    expect(row).toMatchObject({
      run: result.id,
      round: '2',
      flags: 'cpu-pressure',
      path: 'load-balancer',
      hops: '6',
      verdict: 'proven',
      requests: String(n),
      sent: String(sent),
      p50_ns: String(quantilesNs!.p50),
      p999_ns: String(quantilesNs!.p999),
    })
  })

  test.each(hostileNames)('holds the name %j in one cell that is no formula', async (name) => {
    const rows = parseCsv(toCsv(await hostileRun(name)))
    expect(rows.map((row) => row.length)).toEqual([38, 38])
    const cell = rows[1]![rows[0]!.indexOf('path')]
    expect(cell).toBe(/^[=+\-@\t]/.test(name) ? `'${name}` : name)
    for (const text of rows[1]!) expect(text).not.toMatch(/^[=+\-@\t\r\n]/)
  })

  test('gives the CPU time of a path that had its turn to itself', async () => {
    const result = await ladderRun()
    const [round] = result.measured
    const own = { client: 'c', load: 'pingpong', generatorCpuMs: 2 }
    const alone = { ...own, paths: ['single'], componentCpuMs: result.components.map(() => 1) }
    const shared = { ...own, paths: ['gateway', 'load-balancer'], componentCpuMs: alone.componentCpuMs }
    const [head, ...rows] = parseCsv(toCsv({ ...result, measured: [{ ...round!, turns: [alone, shared] }] }))
    const cpuOf = (path: string) =>
      rows.find((row) => row[head!.indexOf('path')] === path)![head!.indexOf('cpu_ns_per_request')]
    const { received } = round!.paths.find((p) => p.path === 'single')!
    const parts = result.paths.find((p) => p.name === 'single')!.expected.length
    expect(cpuOf('single')).toBe(String(Math.round(((2 + parts) * 1e6) / received)))
    expect(cpuOf('gateway')).toBe('')
  })

  test('leaves quantiles of nothing empty', async () => {
    const cells = parseCsv(toCsv(await emptyRun()))[1]!
    expect(cells.slice(-18)).toEqual(Array.from({ length: 18 }, () => ''))
  })
})

describe('HDR percentile text', () => {
  test('holds the percentiles of all valid rounds in microseconds', async () => {
    const result = await ladderRun()
    const rows = toHdrPercentiles(result, gateway)
      .split('\n')
      .filter((line) => /^ +\d/.test(line))
      .map((line) => line.trim().split(/ +/).map(Number))
    const { count, histogram } = distributionOf(result, gateway, 'valid')
    expect(count).toBe(11 * 200)
    const median = rows.find((row) => row[1] === 0.5)!
    expect(median[0]).toBeCloseTo(histogram.getValueAtPercentile(50) / 1000, 3)
    expect(rows.at(-1)).toEqual([expect.closeTo(histogram.maxValue / 1000, 3), 1, count])
    for (const column of [0, 1, 2]) {
      const values = rows.map((row) => row[column]!)
      expect(values).toEqual(values.toSorted((a, b) => a - b))
    }
  })

  test.each(hostileNames)('keeps the name %j in one remark', async (name) => {
    const text = toHdrPercentiles(await hostileRun(name), { path: name, load: name })
    expect(text.split('\n').filter((line) => !/^(#\[| +[\dV]|$)/.test(line))).toEqual([])
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028]/u)
  })
})

describe('OpenMetrics', () => {
  const sampleLine = /^[a-z_]+\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\} [\d.e+-]+$/

  test('has cumulative buckets that end in the number of requests', async () => {
    const result = await ladderRun()
    const text = toOpenMetrics(result)
    const buckets = [...text.matchAll(/_bucket\{.*path="gateway".*le="(.+)"\} (\d+)$/gm)].map(
      ([, le, n]) => ({
        le: le === '+Inf' ? Infinity : Number(le),
        n: Number(n),
      }),
    )
    const { count, meanNs, histogram } = distributionOf(result, gateway, 'valid')
    expect(buckets).toHaveLength(122)
    expect(buckets.map((b) => b.n)).toEqual(buckets.map((b) => b.n).toSorted((a, b) => a - b))
    expect(buckets.map((b) => b.le)).toEqual(buckets.map((b) => b.le).toSorted((a, b) => a - b))
    expect(buckets.at(-1)!.n).toBe(count)
    const p50 = buckets.find((b) => b.n >= count / 2)!.le * 1e9
    expect(p50).toBeGreaterThanOrEqual(histogram.getValueAtPercentile(50))
    expect(p50).toBeLessThan(histogram.getValueAtPercentile(50) * 1.13)
    const sum = Number(/_sum\{.*path="gateway".*\} (\S+)$/m.exec(text)![1])
    expect(sum).toBeCloseTo((meanNs * count) / 1e9, 9)
    expect(text).toMatch(/_requests_total\{.*path="gateway",.*outcome="received"\} 2412$/m)
  })

  test.each(hostileNames)('keeps the name %j inside its quotes', async (name) => {
    const lines = toOpenMetrics(await hostileRun(name)).split('\n')
    expect(lines.slice(-2)).toEqual(['# EOF', ''])
    const odd = lines
      .slice(0, -2)
      .filter((line) => !sampleLine.test(line) && !/^# (TYPE|UNIT|HELP) hopmeter_/.test(line))
    expect(odd).toEqual([])
  })
})

describe('fortio', () => {
  test('what is exported and imported again is the same distribution', async () => {
    const result = await ladderRun()
    const imported = importFortio(toFortio(result, gateway))
    const { count, meanNs, stdDevNs, buckets, histogram } = distributionOf(result, gateway, 'valid')
    expect(imported).toMatchObject({
      tool: 'hopmeter 0.1.0',
      label: 'hop-ladder gateway pingpong lab-node 0.1.0',
      startedAt: result.startedAt,
      protocol: 'HTTP',
      connections: 1,
      requestedQps: null,
      requests: count,
      failed: 0,
      minNs: buckets[0]!.lowNs,
      maxNs: histogram.maxValue,
    })
    expect(imported.meanNs).toBeCloseTo(meanNs, 0)
    expect(imported.stdDevNs).toBeCloseTo(stdDevNs, 0)
    expect(imported.buckets).toEqual(
      buckets.map((b) => ({ fromNs: b.lowNs, toNs: b.highNs, count: b.count })),
    )
    const entry = result.histograms.find((h) => h.path === 'gateway')!
    expect(imported.percentiles[0]!.valueNs).toBeCloseTo(
      histogramQuantiles(entry.warmValid).quantilesNs!.p50,
      0,
    )
    expect(imported.resolutionNs).toBeLessThan(300)
  })

  test.each(hostileNames)('the name %j stays a label', async (name) => {
    const value = JSON.parse(toFortio(await hostileRun(name), { path: name, load: name })) as {
      Labels: string
    }
    expect(value.Labels).toContain(name)
  })

  test('a path that measured nothing is an empty histogram', async () => {
    const imported = importFortio(toFortio(await emptyRun(), { path: 'single', load: 'pingpong' }))
    expect(imported).toMatchObject({ requests: 0, buckets: [], percentiles: [], actualQps: 0 })
  })

  test('failures are counted apart', async () => {
    const result = await ladderRun()
    result.measured[0]!.paths.find((p) => p.path === 'gateway')!.errors = 3
    expect(importFortio(toFortio(result, gateway)).failed).toBe(3)
  })
})

describe('every export adds up', () => {
  const counts = fc.record({ bad: fc.nat(9), errors: fc.nat(9), lost: fc.nat(9) })

  test('sent is what was received and what failed, by the rules of each reader', async () => {
    const result = await ladderRun()
    await fc.assert(
      fc.asyncProperty(fc.array(counts, { minLength: 12, maxLength: 12 }), fc.boolean(), (failures, all) => {
        const measured = result.measured.map((round, i) => ({
          ...round,
          paths: round.paths.map((p) => {
            const { bad, errors, lost } = failures[i]!
            return { ...p, bad, errors, lost, sent: p.received + bad + errors + lost }
          }),
        }))
        const run = { ...result, measured }
        const used = measured.filter((round) => all || round.flags.length === 0)
        const own = used.flatMap((round) => round.paths.filter((p) => p.path === 'gateway'))
        const failed = own.reduce((sum, p) => sum + p.bad + p.errors + p.lost, 0)

        const [head, ...rows] = parseCsv(toCsv(run))
        const cell = (row: string[], name: string) => Number(row[head!.indexOf(name)])
        for (const row of rows) {
          const parts = ['received', 'bad', 'errors', 'lost'].map((name) => cell(row, name))
          expect(parts.reduce((sum, n) => sum + n, 0)).toBe(cell(row, 'sent'))
        }

        const totals = [...toOpenMetrics(run).matchAll(/_requests_total\{.*path="gateway".*\} (\d+)$/gm)]
        const everSent = measured.flatMap((round) => round.paths.filter((p) => p.path === 'gateway'))
        expect(totals.reduce((sum, [, n]) => sum + Number(n), 0)).toBe(
          everSent.reduce((sum, p) => sum + p.sent, 0),
        )

        // fortio's page: errors are ErrorsDurationHistogram.Count of Count; before 1.28, Count without RetCodes[200].
        const text = toFortio(run, gateway, all ? 'all' : 'valid')
        const fortio = JSON.parse(text) as {
          DurationHistogram: { Count: number; Data: { Count: number }[] }
          ErrorsDurationHistogram: { Count: number }
          RetCodes: Record<string, number>
          Labels: string
        }
        const { Count, Data } = fortio.DurationHistogram
        expect(Data.reduce((sum, bucket) => sum + bucket.Count, 0)).toBe(Count)
        expect(Object.values(fortio.RetCodes).reduce((sum, n) => sum + n, 0)).toBe(Count)
        expect(Count - fortio.RetCodes['200']!).toBe(fortio.ErrorsDurationHistogram.Count)
        expect(fortio.Labels.includes(`${failed} of `)).toBe(failed > 0)
        expect(importFortio(text).failed).toBe(failed)
        return Promise.resolve()
      }),
      { numRuns: 20 },
    )
  })
})

test('a path that the run does not have is refused with those that it has', async () => {
  const result = await ladderRun()
  const choose = () => toFortio(result, { path: 'x', load: 'pingpong' })
  expect(choose).toThrow(ResultError)
  expect(choose).toThrow(/no path "x" under load "pingpong"; it has: no-mesh under pingpong, single under/)
})

test('every export is the same text for the same run', async () => {
  const [one, two] = [await ladderRun(), await ladderRun()]
  for (const exporter of [toCsv, toOpenMetrics]) expect(exporter(one)).toBe(exporter(two))
  for (const exporter of [toFortio, toHdrPercentiles])
    expect(exporter(one, gateway)).toBe(exporter(two, gateway))
})

test('a distribution has the values of its histogram', async () => {
  const result = await ladderRun()
  const { buckets, count } = distributionOf(result, gateway, 'all')
  const entry = result.histograms.find((h) => h.path === 'gateway')!
  expect(count).toBe(decodeHistogram(entry.warm).totalCount)
  expect(buckets.reduce((sum, b) => sum + b.count, 0)).toBe(count)
})
