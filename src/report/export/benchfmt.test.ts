import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../process/exec.ts'
import { toBenchfmt } from './benchfmt.ts'
import { emptyRun, hostileNames, hostileRun, ladderRun } from './testing/runs.ts'

/** The line types of golang.org/x/perf/benchfmt, by its own rules; anything else is ignored there. */
const lineTypes = {
  result: /^Benchmark(?<name>\S+) (?<iterations>\d+)(?<values>( [\d.e+]+ \S+)+)$/,
  unit: /^Unit \S+ better=lower$/,
  config: /^(?<key>[^\sA-Z:]+): (?<value>.+)$/,
  remark: /^# /,
}

function parsed(text: string) {
  expect(text.endsWith('\n')).toBe(true)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      for (const [type, pattern] of Object.entries(lineTypes)) {
        const match = pattern.exec(line)
        if (match) return { type, ...match.groups }
      }
      throw new Error(`no line of the format: ${JSON.stringify(line)}`)
    })
}

describe('benchfmt', () => {
  test('has one result per valid round and path, with the numbers of the round', async () => {
    const result = await ladderRun()
    const results = parsed(toBenchfmt(result)).filter((line) => line.type === 'result')
    expect(results).toHaveLength(11 * 5)
    const { n, quantilesNs: q } = result.measured[0]!.paths[3]!
    expect(results[3]).toEqual({
      type: 'result',
      name: 'Path/path=gateway/load=pingpong-2',
      iterations: String(n),
      values: ` ${q!.p50} p50-ns ${q!.p90} p90-ns ${q!.p99} p99-ns ${q!.mean} mean-ns`,
    })
  })

  test('has flagged rounds when asked for, and says what it did with them', async () => {
    const result = await ladderRun()
    expect(parsed(toBenchfmt(result, 'all')).filter((line) => line.type === 'result')).toHaveLength(12 * 5)
    expect(toBenchfmt(result)).toContain('1 of 12 rounds is flagged and left out')
    expect(toBenchfmt(result, 'all')).toContain('1 of 12 rounds is flagged and included')
  })

  test('configures what must be equal to compare, and nothing that differs from run to run', async () => {
    const config = parsed(toBenchfmt(await ladderRun())).filter((line) => line.type === 'config')
    expect(config).toEqual(
      [
        ['goos', 'linux'],
        ['cpu', 'Example CPU'],
        ['scenario', 'hop-ladder'],
        ['backend', 'lab'],
        ['engine', 'lab-node 0.1.0'],
      ].map(([key, value]) => ({ type: 'config', key, value })),
    )
  })

  test.each(hostileNames)('cannot be broken by the name %j', async (name) => {
    const lines = parsed(toBenchfmt(await hostileRun(name)))
    expect(lines.filter((line) => line.type === 'result')).toHaveLength(1)
    expect(lines.filter((line) => line.type === 'unit')).toHaveLength(4)
  })

  test('names that differ stay different', async () => {
    const names = await Promise.all(
      ['a b', 'a_b', 'a%20b', 'a/b'].map(
        async (name) => /path=\S+/.exec(toBenchfmt(await hostileRun(name)))![0],
      ),
    )
    expect(new Set(names).size).toBe(names.length)
  })

  test('leaves out rounds that measured nothing', async () => {
    expect(toBenchfmt(await emptyRun(), 'all')).not.toContain('Benchmark')
  })
})

const hasBenchstat = await run('benchstat', ['-h']).then(
  () => true,
  (error: unknown) => !String(error).includes('not found on PATH'),
)

describe.skipIf(!hasBenchstat)('benchstat (go install golang.org/x/perf/cmd/benchstat@latest)', () => {
  test('reads every path and finds the ladder', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'hopmeter-benchstat-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = path.join(directory, 'run.txt')
    writeFileSync(file, toBenchfmt(await ladderRun()))
    const flags = ['-format', 'csv', '-col', '/path', '-filter', '.unit:p50-sec', file]
    const { stdout, stderr } = await run('benchstat', flags)
    expect(stderr).not.toMatch(/error|syntax|parsing/i)
    expect(stdout).toMatch(/no-mesh,,single,.*same-network,.*gateway,.*load-balancer/)
    expect(Number(/^Path\/load=pingpong-2,([\d.e-]+),/m.exec(stdout)?.[1])).toBeCloseTo(142e-6, 5)
  })
})
