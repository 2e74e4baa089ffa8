import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestJournal } from './digest.ts'
import { readJournal } from './journal-reader.ts'
import { readResult } from './result-file.ts'
import type { BuildEvent, RoundEvent, RunHeader, RunResult } from './schema.ts'
import { sampleEvents } from './testing/sample-run.ts'
import { sampleVariants, sideBySide } from './testing/sample-variants.ts'
import { temporaryDirectory } from './testing/temporary.ts'

type Changed<T> = { -readonly [K in keyof T]: T[K] }
type Change = (header: Changed<RunHeader>, build: Changed<BuildEvent>, round: Changed<RoundEvent>) => void

/** Reads the journal of a run of two variants in which something was changed. */
async function digested(change: Change): Promise<RunResult> {
  const events = structuredClone(sideBySide(sampleEvents({ rounds: 1, requests: 20 })))
  const of = (type: string) => events.find((event) => event.type === type)
  change(of('run') as RunHeader, of('build') as BuildEvent, of('round') as RoundEvent)
  const file = path.join(temporaryDirectory(), 'journal.ndjson')
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return await digestJournal(readJournal(file))
}

test('a run of two variants is read, each path and each component once per variant', async () => {
  const result = await digested(() => {})
  expect(result.variants?.map(({ name }) => name)).toEqual(sampleVariants.map(({ name }) => name))
  expect(result.paths.map(({ name }) => name)).toContain('gateway@pr')
  const ztunnels = result.components.filter(({ kind }) => kind === 'ztunnel')
  expect(ztunnels.filter(({ variant }) => variant === 'pr')).toHaveLength(ztunnels.length / 2)
  expect(result.measured[0]?.componentCpuMs).not.toContain(null)
})

describe('variants that do not fit together are not believed of a journal', () => {
  test.each<[string, Change, RegExp]>([
    [
      'a path of a variant that is not there',
      (h) => (h.paths[0]!.variant = 'other'),
      /of variant "other", and the run has the variants "base", "pr"/,
    ],
    [
      'a variant without the name of the path',
      (h) => delete h.paths[0]!.scenarioPath,
      /without the name that it has in the scenario/,
    ],
    [
      'a path of no variant',
      (h) => {
        delete h.paths[0]!.variant
        delete h.paths[0]!.scenarioPath
      },
      /of no variant/,
    ],
    ['a path that is called otherwise', (h) => (h.paths[0]!.scenarioPath = 'other'), /not called so/],
    [
      'a path of one variant only',
      (h) => (h.paths = h.paths.slice(1)),
      /"no-mesh" is missing of variant "base"/,
    ],
    ['the same variant twice', (h) => h.variants!.push(h.variants![0]!), /variant "base" is there twice/],
    ['one variant', (h) => (h.variants = h.variants!.slice(0, 1)), /nothing that stood beside/],
    ['no variant in the list', (h) => (h.variants = []), /no variants, and nothing/],
    ['a variant without a name', (h) => (h.variants![1]!.name = ''), /no name/],
    ['paths of variants in a run without', (h) => delete h.variants, /and the run has no variants/],
    [
      'a path through the other variant',
      (h) => (h.paths[2]!.expected[1]!.variant = 'pr'),
      /the ztunnel of east-1 of another variant/,
    ],
    [
      'a component of a variant that is not there',
      (h) => (h.paths[2]!.expected[1]!.variant = 'x'),
      /is of variant "x"/,
    ],
    [
      'a testbed with other variants',
      (_, b) => (b.variants![1]!.name = 'other'),
      /build 1 has the variants "base", "other", the run/,
    ],
    ['a testbed without variants', (_, b) => delete b.variants, /build 1 has no variants/],
    [
      'variants in another order',
      (_, b) => (b.variants = b.variants!.toReversed()),
      /build 1 has the variants "pr", "base"/,
    ],
    [
      'an engine that is not the first variant’s',
      (_, b) => (b.engine = { ...b.engine, version: '9' }),
      /build 1: its engine is lab-ztunnel 9/,
    ],
    [
      'CPU time of a variant that is not there',
      (_, __, r) => (r.componentCpu[2]!.component.variant = 'x'),
      /variant "x"/,
    ],
  ])('%s', async (_, change, message) => {
    await expect(digested(change)).rejects.toThrow(message)
  })
})

describe('nor of a result', () => {
  test.each<[string, (result: RunResult) => void, RegExp]>([
    ['a path of a variant that is not there', (r) => (r.paths[0]!.variant = 'other'), /variant "other"/],
    ['a testbed with other variants', (r) => delete r.builds[0]!.variants, /build 1 has no variants/],
    ['a component of a variant that is not there', (r) => (r.components[2]!.variant = 'x'), /variant "x"/],
  ])('%s', async (_, change, message) => {
    const result = await digested(() => {})
    const file = path.join(temporaryDirectory(), 'result.json')
    writeFileSync(file, JSON.stringify(result))
    expect((await readResult(file)).variants).toHaveLength(2)
    change(result)
    writeFileSync(file, JSON.stringify(result))
    await expect(readResult(file)).rejects.toThrow(message)
  })
})
