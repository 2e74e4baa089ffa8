import { describe, expect, test } from 'vitest'
import type { RunResult } from '../../results/schema.ts'
import { sampleVariants } from '../../results/testing/sample-variants.ts'
import { summarizeRun } from '../../analysis/summarize-run.ts'
import { madeRun } from '../../analysis/testing/made-run.ts'
import { caveats } from './caveats.ts'
import { designText, scopeRemark, spreadRemarks } from './spread.ts'

const id = '2026-11-23t01-02-03z-hop-ladder-7f3a'
const summary = summarizeRun(await madeRun({ id, restarts: 8, rounds: 3 }))

describe('what intervals speak of', () => {
  test.each([
    [summary, 'over 8 restarts: they speak of other starts of these programs in this testbed on this host.'],
    [{ ...summary, builds: 3 }, 'of other starts of these programs in these 3 testbeds on this host.'],
    [{ ...summary, unit: 'build', builds: 6 }, 'over 6 builds: they speak of other testbeds on this host.'],
    [
      { ...summary, unit: 'round', restarts: 1 },
      'over rounds: they speak of these starts of the programs only.',
    ],
  ] as const)('%#', (of, text) => {
    expect(scopeRemark(of)).toContain(text)
    expect(caveats(of)).toContain(scopeRemark(of))
  })
})

describe('where the spread of a step comes from', () => {
  test('is told of each step, by rounds and restarts, and by builds where there are several', () => {
    const [first] = spreadRemarks(summary)
    expect(first).toMatch(
      /^Spread of each step at p50, standard deviation in µs: no-mesh → single rounds [\d.]+, restarts [\d.]+;/,
    )
    expect(first!.match(/→/g)).toHaveLength(4)
    expect(first).not.toContain('builds')
  })

  test('is not told of one start, which cannot say', async () => {
    const one = summarizeRun(await madeRun({ id, restarts: 1, rounds: 20 }))
    expect(spreadRemarks(one).some((line) => line.startsWith('Spread'))).toBe(false)
  })

  test('an open step says which run would decide it, in restarts, rounds and time', async () => {
    const open = summarizeRun(await madeRun({ id, restarts: 8, rounds: 3, restartNs: 60_000 }))
    const undecided = open.steps.filter(({ spread }) => spread?.wouldDecide)
    expect(undecided.length).toBeGreaterThan(0)
    for (const { from, to, spread } of undecided) {
      const { restarts, rounds } = spread!.wouldDecide!
      const line = spreadRemarks(open).find((own) => own.startsWith(`${from} → ${to}: cannot tell`))
      expect(line).toMatch(/cannot tell ±[\d.]+ µs; /)
      expect(line).toContain(`(--restarts ${restarts} --rounds ${rounds}).`)
      const outlooks = caveats(open).filter(
        (own) => /cannot tell ±/.test(own) && own.includes(`${from} → ${to}`),
      )
      expect(outlooks).toEqual([line])
    }
  })

  test('a claimed step that is not clear of what its paths differ from themselves by is doubted, others are not', () => {
    const doubt = (of: typeof summary) => spreadRemarks(of).filter((line) => line.startsWith('Doubt'))
    // "same" claims nothing, so nothing of it is to be doubted.
    expect(doubt(summary)).toEqual([])
    const steps = summary.steps.map((step) =>
      step.to === 'gateway' ? { ...step, withinFloorNs: 70_000 } : step,
    )
    expect(doubt({ ...summary, steps })).toEqual([
      'Doubt same-network → gateway: it is not clear of the ±70.0 µs that one of its paths differs from itself by.',
    ])
  })
})

test('a single path in variants, which has no step, is named without the load that all have', async () => {
  const isOne = ({ path }: { readonly path: string }) => path.startsWith('single@')
  const change = (result: RunResult): RunResult => ({
    ...result,
    paths: result.paths.filter(({ name }) => isOne({ path: name })),
    measured: result.measured.map((round) => ({ ...round, paths: round.paths.filter(isOne) })),
  })
  const one = summarizeRun(await madeRun({ id, restarts: 8, rounds: 3, variants: sampleVariants, change }))
  expect(one.steps).toEqual([])
  expect(spreadRemarks(one)[0]).toMatch(
    /standard deviation in µs: single of pr rounds [\d.]+, restarts [\d.]+\.$/,
  )
})

test('a design is spoken in whole units, and its time never below what it takes', () => {
  expect(designText({ restarts: 14, rounds: 3, totalMs: 170_400 })).toBe('14 restarts of 3 rounds, about 3m')
  expect(designText({ restarts: 6, rounds: 2, totalMs: 30_001 })).toBe('6 restarts of 2 rounds, about 31s')
  expect(designText({ restarts: 1, rounds: 1, totalMs: 500 })).toBe('1 restart of 1 round, about 1s')
})
