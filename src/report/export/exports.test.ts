import fc from 'fast-check'
import { readFileSync } from 'node:fs'
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

describe('importing what fortio wrote', () => {
  const fixture = readFileSync(new URL('testing/fortio-1.75.3.json', import.meta.url), 'utf8')

  test('gives its numbers in nanoseconds, and how fine they are', () => {
    expect(importFortio(fixture)).toMatchObject({
      tool: 'fortio 1.75.3',
      label: 'loopback sample',
      protocol: 'HTTP',
      connections: 2,
      requestedQps: 200,
      requests: 400,
      failed: 0,
      minNs: 510_276,
      maxNs: 9_789_694,
      percentiles: [
        { percentile: 50, valueNs: 1_319_379.8 },
        { percentile: 75, valueNs: 1_396_899.2 },
        { percentile: 90 },
        { percentile: 99, valueNs: 5_000_000 },
        { percentile: 99.9 },
      ],
      resolutionNs: 200_000,
    })
  })

  interface Fortio {
    DurationHistogram: { Count: number; Min: unknown; Data: { Start: number; End: number; Count: number }[] }
    RetCodes: Record<string, number>
  }
  const changed = (change: (value: Fortio) => void) => {
    const value = JSON.parse(fixture) as Fortio
    change(value)
    return JSON.stringify(value)
  }

  test('counts codes that fortio calls errors as failed', () => {
    expect(importFortio(changed((f) => (f.RetCodes = { '200': 390, '503': 7, '-1': 3 }))).failed).toBe(10)
  })

  const withCodes = (codes: Record<string, number>, more: object = {}) => {
    const value = JSON.parse(fixture) as Record<string, unknown>
    delete value['ErrorsDurationHistogram']
    return JSON.stringify({ ...value, RetCodes: codes, ...more })
  }

  test.each([
    ['2xx of HTTP', { '204': 390, '201': 10 }, { Version: '1.75.3' }, 0],
    ['418 of HTTP', { '418': 400 }, { Version: '1.7.0' }, 0],
    ['2xx before 1.7', { '200': 380, '204': 20 }, { Version: '1.6.8' }, 20],
    ['redirects', { '200': 380, '302': 20 }, {}, 20],
    ['TCP', { OK: 399, 'read: connection reset': 1 }, { RunType: 'TCP' }, 1],
    ['UDP', { OK: 390, 'i/o timeout': 10 }, { RunType: 'UDP' }, 10],
    ['gRPC health', { SERVING: 390, NOT_SERVING: 10 }, { RunType: "GRPC Health for ''" }, 10],
    ['gRPC ping', { SERVING: 395, ERROR: 5 }, { RunType: 'GRPC Ping Delay=1ms' }, 5],
    [
      'gRPC before codes had names',
      { '1': 398, '-1': 2 },
      { RunType: "GRPC Health for ''", Version: '1.0.0' },
      2,
    ],
    [
      'a gRPC method, whose errors are in the codes twice',
      { SERVING: 395, ERROR: 10 },
      { RunType: 'Custom GRPC Method a/b and Payload', ErrorsDurationHistogram: { Count: 5 } },
      5,
    ],
  ])('%s: what failed is what fortio says', (_, codes, more, failed) => {
    expect(importFortio(withCodes(codes, more)).failed).toBe(failed)
  })

  test('a byte order mark is no reason to refuse a file', () => {
    expect(importFortio(`\ufeff${fixture}`).requests).toBe(400)
  })

  test('says what a file lacks, and where it contradicts itself', () => {
    const without = JSON.parse(withCodes({})) as {
      RetCodes?: unknown
      DurationHistogram: { Percentiles?: unknown }
    }
    delete without.RetCodes
    without.DurationHistogram.Percentiles = [{ Percentile: 75, Value: 0.001 }]
    expect(importFortio(JSON.stringify(without))).toMatchObject({
      failed: null,
      remarks: [
        'it has no return codes, so whether requests failed is not known',
        'it lacks p50, p90, p99: fortio writes what -p asks for',
      ],
    })
    expect(importFortio(withCodes({ '200': 300 })).remarks).toContain(
      'it has 300 return codes for 400 requests',
    )
    expect(importFortio(fixture).remarks).toEqual([])
  })

  test('a run that fortio could not start is not a result, whatever histogram stands beside it', () => {
    const text = withCodes({}, { error: true, message: 'init error', exception: 'no such host' })
    expect(() => importFortio(text, 'their.json')).toThrow(
      'their.json: fortio says that this run failed: init error: no such host',
    )
  })

  test('what is wrong with a file is said in words', () => {
    const text = changed((f) => (f.DurationHistogram.Min = '0.1'))
    expect(() => importFortio(text, 'their.json')).toThrow(/DurationHistogram\.Min: .*expected number/)
  })

  test.each([
    ['no JSON', 'rubbish'],
    ['no object', '[]'],
    ['null', 'null'],
    ['another document', '{"kind":"Pod"}'],
    ['a count that its buckets contradict', changed((f) => (f.DurationHistogram.Count = 401))],
    [
      'buckets out of order',
      changed((f) => (f.DurationHistogram.Data = f.DurationHistogram.Data.toReversed())),
    ],
    ['a bucket that ends before it starts', changed((f) => (f.DurationHistogram.Data[3]!.End = 0))],
    ['a negative time', changed((f) => (f.DurationHistogram.Min = -1))],
    ['a negative count', changed((f) => (f.DurationHistogram.Data[0]!.Count = -1))],
    ['text for a number', changed((f) => (f.DurationHistogram.Min = '0.1'))],
    ['an endless number', fixture.replace('"Min": 0.000510276', '"Min": 1e999')],
    ['40 MB', ' '.repeat(40 << 20)],
  ])('%s is refused', (_, text) => {
    expect(() => importFortio(text, 'their.json')).toThrow(ResultError)
    expect(() => importFortio(text, 'their.json')).toThrow(/^their\.json/)
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
