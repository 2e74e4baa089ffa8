import { beforeAll, describe, expect, test } from 'vitest'
import { behaviourMatrices, type Matrix } from '../analysis/matrix.ts'
import { madeRun, type MadeRun } from '../analysis/testing/made-run.ts'
import type { RunResult } from '../results/schema.ts'
import { hostileNames } from './charts/testing/hostile.ts'
import { matrixSection } from './render/html/matrix-section.ts'
import { matrixMarkdown } from './render/markdown/matrix.ts'
import { matrixText } from './render/text/matrix.ts'
import { matrixAnswer } from './words/matrix.ts'

const versions = ['1.30.3', '1.31.0'].map((version) => ({
  ...{ name: version, engine: { name: 'istio', version, simulated: false } },
}))
const shape: MadeRun = {
  ...{ id: '2026-11-23t01-02-03z-hop-ladder-7f3a', restarts: 8, rounds: 2 },
  ...{ variants: versions, isSwitched: true, shiftNs: { 'same-network@1.30.3': 100_000 } },
}

/** One version sends the same network through a gateway, in every round. */
function throughGateway(run: RunResult): RunResult {
  const path = 'same-network@1.30.3'
  const gateway = { kind: 'east-west-gateway' as const, cluster: 'east-2' }
  return {
    ...run,
    evidence: run.evidence.map((digest) => {
      if (digest.path !== path) return digest
      const [client, ztunnel, ...rest] = digest.sample.observed
      const observed = [client!, ztunnel!, gateway, ...rest]
      const reasons = ['expected 4 components, observed 5']
      const sample = { ...digest.sample, observed, reasons, verdict: 'mismatch' as const }
      return { ...digest, proven: 0, mismatch: digest.proven, sample }
    }),
    measured: run.measured.map((round) => ({
      ...round,
      evidence: round.evidence.map((seen) =>
        seen.path === path ? { ...seen, verdict: 'mismatch' as const } : seen,
      ),
    })),
  }
}

const rowOf = ({ rows }: Matrix, path: string) => rows.find((row) => row.path === path)!

describe('the behaviour matrix', () => {
  let run: RunResult
  let matrix: Matrix
  beforeAll(async () => {
    run = await madeRun({ ...shape, change: throughGateway })
    matrix = behaviourMatrices([{ run }])[0]!
  })

  test('has a column for each version, and a row for each path of the scenario in hop order', () => {
    expect(matrix.columns.map(({ label, engine }) => [label, engine])).toEqual([
      ['1.30.3', 'istio 1.30.3'],
      ['1.31.0', 'istio 1.31.0'],
    ])
    expect(matrix.rows.map(({ path }) => path)).toEqual([
      ...['no-mesh', 'single', 'same-network', 'gateway', 'load-balancer'],
    ])
    for (const { cells } of matrix.rows) expect(cells).toHaveLength(2)
  })

  test('says which way each path took, what it cost, and how that is to the first version', () => {
    const [first, second] = rowOf(matrix, 'same-network').cells
    expect(first).toMatchObject({ behaviour: 'another way', comparison: null })
    expect(first!.observed[0]?.components.map(({ kind }) => kind)).toContain('east-west-gateway')
    expect(first!.verdicts.mismatch).toBeGreaterThan(0)
    expect(second).toMatchObject({ behaviour: 'as expected' })
    expect(second!.comparison).toMatchObject({ unit: 'restart', n: 8, verdict: 'faster' })
    expect(second!.comparison!.ratio!.estimate).toBeCloseTo(240 / 340, 1)
    expect(second!.p50!.estimate).toBeLessThan(first!.p50!.estimate!)
    for (const path of ['no-mesh', 'single', 'gateway', 'load-balancer'])
      for (const { behaviour } of rowOf(matrix, path).cells) expect(behaviour).toBe('as expected')
  })

  test('answers first which version sent the same network through the gateway', () => {
    expect(matrixAnswer(matrix)).toEqual([
      expect.stringMatching(
        /^✗ 1\.30\.3 sent same-network through the east-west gateway: 5 components instead of 4 \(client pod .*\)\.$/,
      ),
    ])
  })

  test('is seen at a glance in every format, by a mark and not by colour only', () => {
    const warnings = ['1.30.3: istio/istio#58047: a defect']
    const text = matrixText([matrix], warnings)
    const line = text.split('\n').find((one) => one.startsWith('same-network'))!
    expect(line).toMatch(
      /✗ 5: client pod → ztunnel → east-west gateway → ztunnel → server pod · [\d.]+ µs +✓ 4 · /,
    )
    expect(line).toMatch(/· ×0\.\d+ faster$/)
    expect(text.startsWith('✗ 1.30.3 sent same-network')).toBe(true)
    expect(text).toContain('Known of these versions:\n  1.30.3: istio/istio#58047')
    const markdown = matrixMarkdown([matrix], warnings)
    expect(markdown).toMatch(/^\*\*✗ 1\\?\.30\\?\.3 sent/)
    expect(markdown).toContain('| same-network |')
    expect(markdown).toContain('- 1.30.3: istio/istio')
    const html = matrixSection([matrix], warnings).markup
    expect(html).toContain('<span class="verdict-mismatch">✗ 5: client pod')
    expect(html).toContain('<span class="verdict-proven">✓ 4</span>')
  })

  test('says so where every version took the way of the path rule', async () => {
    const [same] = behaviourMatrices([{ run: await madeRun(shape) }])
    expect(matrixAnswer(same!)).toEqual(['Every path took the way of the path rule under 2 versions.'])
  })

  test('takes the variants of the lab alike, which stand in the same rounds', async () => {
    const lab = await madeRun({ ...shape, isSwitched: false, restarts: 7 })
    const [beside] = behaviourMatrices([{ run: lab }])
    const [, second] = rowOf(beside!, 'same-network').cells
    expect(second!.comparison).toMatchObject({ verdict: 'faster' })
    const [one] = behaviourMatrices([{ run: lab, variant: '1.31.0' }])
    expect(one!.columns.map(({ label }) => label)).toEqual(['1.31.0'])
    expect(rowOf(one!, 'single').cells[0]!.behaviour).toBe('as expected')
  })

  test('puts several runs side by side, each a column that can be told from the others', async () => {
    const of = (n: number, engineVersion: string) =>
      madeRun({
        ...{ id: `2026-11-23t01-02-0${n}z-hop-ladder-7f3a`, restarts: 6, rounds: 2 },
        change: (result) => ({
          ...result,
          builds: result.builds.map((build) => ({
            ...build,
            engine: { name: 'istio', version: engineVersion },
          })),
        }),
      })
    const runs = [await of(1, '1.30.3'), await of(2, '1.31.0'), await of(3, '1.31.0')]
    const [several] = behaviourMatrices(runs.map((own) => ({ run: own })))
    expect(several!.columns.map(({ label }) => label)).toEqual([
      'istio 1.30.3',
      `istio 1.31.0 (${runs[1]!.id})`,
      `istio 1.31.0 (${runs[2]!.id})`,
    ])
    const [, second] = rowOf(several!, 'gateway').cells
    expect(second!.comparison).not.toBeNull()
    expect(several!.refusals).toEqual([])
  })

  test('does not compare what must not be compared, and says why', async () => {
    const other = await madeRun({ ...shape, id: '2026-11-23t01-02-04z-hop-ladder-7f3a' })
    const moved = { ...other, environment: { ...other.environment, cpuModel: 'another' } }
    const [across] = behaviourMatrices([{ run }, { run: moved, variant: '1.31.0' }])
    const cells = rowOf(across!, 'gateway').cells
    expect(cells[1]!.comparison).not.toBeNull()
    expect(cells[2]!.comparison).toBeNull()
    expect(cells[2]!.p50).not.toBeNull()
    expect(across!.refusals.join()).toMatch(/host differs/)
    expect(matrixText([across!], [])).toMatch(/Not compared: host differs/)
  })

  test('shows a path that must not exist, and one that answered all the same', async () => {
    const tried = (confirmed: boolean) => (result: RunResult) => ({
      ...result,
      paths: result.paths.map((path) =>
        path.name.startsWith('load-balancer@')
          ? { ...path, hops: null, expected: [], unreachableBecause: 'no route' }
          : path,
      ),
      unreachable: ['1.30.3', '1.31.0'].map((version) => ({
        ...{
          build: 1,
          path: `load-balancer@${version}`,
          at: result.startedAt,
          observed: 'it answered',
          afterMs: 1,
        },
        confirmed: confirmed || version === '1.31.0',
      })),
    })
    const cellsOf = async (confirmed: boolean) => {
      const [one] = behaviourMatrices([{ run: await madeRun({ ...shape, change: tried(confirmed) }) }])
      return [
        rowOf(one!, 'load-balancer').cells.map(({ behaviour }) => behaviour),
        matrixAnswer(one!),
      ] as const
    }
    expect((await cellsOf(true))[0]).toEqual(['unreachable', 'unreachable'])
    const [behaviours, answer] = await cellsOf(false)
    expect(behaviours).toEqual(['reachable', 'unreachable'])
    expect(answer).toEqual(['✗ 1.30.3 reaches load-balancer, which must not be reachable: no route.'])
  })

  test('lets no name of a stranger’s run into the page as markup', async () => {
    const clean = await madeRun(shape)
    const name = hostileNames.slice(0, 3).join(' ')
    const bad = {
      ...clean,
      variants: clean.variants!.map((own, i) => (i === 0 ? { ...own, name } : own)),
      paths: clean.paths.map((path) => (path.variant === '1.30.3' ? { ...path, variant: name } : path)),
    }
    const html = matrixSection(behaviourMatrices([{ run: bad }]), [name]).markup
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toMatch(/<script|<img|<svg/)
  })
})
