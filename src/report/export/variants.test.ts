import { beforeAll, describe, expect, test } from 'vitest'
import { digestJournal } from '../../results/digest.ts'
import type { JournalEvent, RunResult } from '../../results/schema.ts'
import { sampleEvents } from '../../results/testing/sample-run.ts'
import { sideBySide } from '../../results/testing/sample-variants.ts'
import { toBenchfmt } from './benchfmt.ts'
import { toCsv } from './csv.ts'
import { toFortio } from './fortio.ts'
import { toOpenMetrics } from './openmetrics.ts'
import { ladderRun } from './testing/runs.ts'

async function* each(events: readonly JournalEvent[]): AsyncGenerator<JournalEvent> {
  yield* events
}

let run: RunResult

beforeAll(async () => {
  run = await digestJournal(each(sideBySide(sampleEvents({ rounds: 3 }))))
})

describe('exports of a run of variants', () => {
  test('benchfmt has the variant as a key of its own, for benchstat -col /variant', () => {
    const names = toBenchfmt(run, 'all')
      .split('\n')
      .filter((line) => line.startsWith('BenchmarkPath/'))
      .map((line) => line.split(' ')[0])
    expect(names).toHaveLength(3 * 5 * 2)
    expect(names).toContain('BenchmarkPath/path=gateway/variant=pr/load=pingpong-2')
    expect(names).toContain('BenchmarkPath/path=gateway/variant=base/load=pingpong-2')
    expect(toBenchfmt(run)).toContain('\nengine: lab-ztunnel 1.30.3 (base), lab-ztunnel 1.31.0 (pr)\n')
  })

  test('CSV has it as its last column, with the path of the scenario and the engine of the variant', () => {
    const [head = '', ...lines] = toCsv(run).split('\r\n')
    const columns = head.split(',')
    expect(columns.at(-1)).toBe('variant')
    const rows = lines.slice(0, -1).map((line) => {
      const cells = line.split(',')
      return Object.fromEntries(columns.map((column, i) => [column, cells[i]]))
    })
    expect(rows).toHaveLength(3 * 5 * 2)
    const own = rows.filter(({ path, variant }) => path === 'gateway' && variant === 'pr')
    expect(own).toHaveLength(3)
    expect(own[0]).toMatchObject({ engine: 'lab-ztunnel 1.31.0', hops: '5', verdict: 'proven' })
    const { quantilesNs } = run.measured[0]!.paths.find(({ path }) => path === 'gateway@pr')!
    expect(own[0]!['p50_ns']).toBe(String(quantilesNs!.p50))
  })

  test('CSV of a run without variants leaves it empty', async () => {
    const [head = '', first = ''] = toCsv(await ladderRun()).split('\r\n')
    expect(head.endsWith(',cpu_ns_per_request,variant')).toBe(true)
    expect(first.endsWith(',,')).toBe(true)
  })

  test('OpenMetrics has it as a label, and what each is as an info', async () => {
    const text = toOpenMetrics(run)
    expect(text).toContain(
      'hopmeter_variant_info{run="' + run.id + '",variant="pr",engine="lab-ztunnel 1.31.0"} 1',
    )
    expect(text).toMatch(
      /hopmeter_request_duration_seconds_count\{run="[^"]+",path="gateway",variant="pr",load="pingpong"\} \d+/,
    )
    expect(text).toMatch(
      /hopmeter_cpu_per_request_seconds\{[^}]*component="ztunnel \(east-1\/n1\)",variant="pr"/,
    )
    const series = text
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.replace(/ \S+$/, ''))
    expect(new Set(series).size).toBe(series.length)
    expect(toOpenMetrics(await ladderRun())).not.toContain('variant')
  })

  test('fortio names the engine of the variant that the path is of', () => {
    const of = (path: string) => JSON.parse(toFortio(run, { path, load: 'pingpong' })) as { Labels: string }
    expect(of('gateway@pr').Labels).toBe('hop-ladder gateway@pr pingpong lab-ztunnel 1.31.0')
    expect(of('gateway@base').Labels).toBe('hop-ladder gateway@base pingpong lab-ztunnel 1.30.3')
  })
})
