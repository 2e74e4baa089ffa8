import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ResultError } from '../../errors.ts'
import { importFortio } from './fortio-import.ts'

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
