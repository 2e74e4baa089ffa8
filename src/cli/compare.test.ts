import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunComparison } from '../analysis/compare-runs.ts'
import { madeRun } from '../analysis/testing/made-run.ts'
import { sampleVariants } from '../results/testing/sample-variants.ts'
import { answer } from './testing/in-process.ts'

const ids = {
  two: '2026-11-23t01-02-03z-hop-ladder-0001',
  again: '2026-11-24t01-02-03z-hop-ladder-0002',
  plain: '2026-11-25t01-02-03z-hop-ladder-0003',
}

let results: string

beforeAll(async () => {
  results = mkdtempSync(path.join(tmpdir(), 'hopmeter-compare-'))
  const of = { restarts: 6, rounds: 2 }
  const shiftNs = { 'gateway@pr': 30_000 }
  const runs = [
    await madeRun({ ...of, id: ids.two, variants: sampleVariants, shiftNs }),
    await madeRun({ ...of, id: ids.again, variants: sampleVariants, shiftNs, seed: 2 }),
    await madeRun({ ...of, id: ids.plain, seed: 3 }),
  ]
  for (const run of runs) {
    mkdirSync(path.join(results, run.id))
    writeFileSync(path.join(results, run.id, 'result.json'), JSON.stringify(run))
  }
})

afterAll(() => rmSync(results, { recursive: true }))

const compare = async (...args: string[]) => await answer(['compare', ...args, '--results', results])

async function compared(...args: string[]): Promise<RunComparison> {
  const { stdout, stderr } = await compare(...args, '-o', 'json')
  if (stdout === '') throw new Error(stderr)
  return (JSON.parse(stdout) as RunComparison[])[0]!
}

const verdicts = ({ rows }: RunComparison) =>
  Object.fromEntries(
    rows.filter(({ quantile }) => quantile === 'p50').map((row) => [row.path, row.comparison.verdict]),
  )

describe('variants are compared', () => {
  test('within a run, path by path, with exit code 3 where one got slower by more than a rule allows', async () => {
    const sides = [`${ids.two}#base`, `${ids.two}#pr`]
    expect(verdicts(await compared(...sides))).toMatchObject({ gateway: 'slower', single: 'same' })
    const failed = await compare(...sides, '--fail-on', 'p50>2%')
    expect(failed).toMatchObject({ code: 3 })
    expect(failed.stderr).toContain('regression: gateway pingpong latency p50')
    expect(await compare(...sides, '--fail-on', 'p50>20%', '--fail-on', 'single:p50>1%')).toMatchObject({
      code: 0,
    })
    expect(await compare(...sides.toReversed(), '--fail-on', 'p50>2%')).toMatchObject({ code: 0 })
  })

  test('between runs, each as a run of its own, with the same rules', async () => {
    const found = await compared(`${ids.two}#base`, `${ids.again}#pr`)
    expect(found.levelsRefused).toBeNull()
    expect(found.rows.find(({ path: name }) => name === 'gateway')).toMatchObject({ relativeTo: 'no-mesh' })
    expect(verdicts(found)).toMatchObject({ gateway: 'slower' })
    expect(await compare(`${ids.two}#base`, `${ids.again}#pr`, '--fail-on', 'p50>2%')).toMatchObject({
      code: 3,
    })
  })

  test('with a run that has none, but not by levels', async () => {
    const found = await compared(ids.plain, `${ids.two}#pr`)
    expect(found.levelsRefused).toContain('number of paths in the mix')
    expect(verdicts(found)).toMatchObject({ gateway: 'slower' })
  })

  test('with several runs a side', async () => {
    const found = await compared(`${ids.two}#base,${ids.again}#base`, ids.plain)
    expect(Object.keys(verdicts(found))).toContain('gateway')
  })

  test('and whole runs of the same variants, each variant for itself', async () => {
    const found = await compared(ids.two, ids.again)
    expect(Object.keys(verdicts(found))).toContain('gateway@pr')
  })

  test('and so are two paths of a run of variants', async () => {
    const found = await compared(`${ids.two}#single@base`, `${ids.two}#single@pr`)
    expect(verdicts(found)).toEqual({ 'single@pr': 'same' })
    const rule = ['--fail-on', 'gateway@pr:p50>1%']
    expect(await compare(`${ids.two}#single@pr`, `${ids.two}#gateway@pr`, ...rule)).toMatchObject({ code: 3 })
  })
})

describe('what is not one thing is refused, with what there is', () => {
  test.each([
    [
      'a name that is neither',
      ['two#other', 'two#pr'],
      ['no variant and no path "other"', 'base, pr', 'gateway@pr'],
    ],
    [
      'a path that every variant has',
      ['two#single', 'two#gateway'],
      ['"single" is a path of every variant', 'single@base, single@pr'],
    ],
    ['a variant against a path', ['two#base', 'two#single@pr'], ['compares two paths of one run']],
    ['paths of two runs', ['two#single@base', 'again#single@base'], ['compares two paths of one run']],
    ['a variant of a run that has none', ['plain#base', 'two#pr'], ['has no path "base"', 'gateway']],
    ['a run against its own variant', ['two', 'two#pr'], ['is on both sides']],
    ['a run twice on a side', ['two,two', 'again'], ['is on one side twice']],
    ['a run twice by other names', ['again', 'two,2026-11-23'], ['is on one side twice']],
    ['two variants of a run on a side', ['plain', 'two#base,two#pr'], ['is on one side twice']],
    [
      'a run of variants against one without',
      ['plain', 'two'],
      ['has no variants', 'has the variants base, pr', 'two#base'],
    ],
  ])('%s', async (_, operands, expected) => {
    const names = (text: string) =>
      text.replaceAll(/\b(?:two|again|plain)\b/g, (name) => ids[name as keyof typeof ids])
    const { code, stderr } = await compare(...operands.map(names))
    expect(code).toBeGreaterThan(0)
    for (const text of expected) expect(stderr).toContain(text.replace('two#', `${ids.two}#`))
  })

  test('a variant that is called like a path is named with an @', async () => {
    const id = '2026-11-26t01-02-03z-hop-ladder-0004'
    const variants = [{ name: 'single' }, { name: 'gateway' }]
    const run = await madeRun({ id, restarts: 6, rounds: 1, variants })
    mkdirSync(path.join(results, id))
    writeFileSync(path.join(results, id, 'result.json'), JSON.stringify(run))
    const { code, stderr } = await compare(`${id}#single`, `${id}#gateway`)
    expect(code).toBe(2)
    expect(stderr).toContain('is a variant of')
    expect(stderr).toContain('#@single for the variant, #single@single or #single@gateway for the path')
    expect(Object.keys(verdicts(await compared(`${id}#@single`, `${id}#@gateway`)))).toContain('no-mesh')
  })
})
