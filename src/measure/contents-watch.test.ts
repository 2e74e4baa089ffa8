import { expect, test } from 'vitest'
import { sampleBuild, sampleRestart } from '../results/testing/sample-run.ts'
import { ResultError } from '../errors.ts'
import type { RunResult } from '../results/schema.ts'
import { ContentsWatch, otherContents, requireSameContents } from './contents-watch.ts'

const image = (digit: string) => `docker.io/istio/ztunnel:1.31.0@sha256:${digit.repeat(64)}`

test('what a later build has other bytes of is named, and nothing that is not known by its bytes', () => {
  const first = {
    facts: { ztunnel: image('1'), gatewayApiSha256: 'a'.repeat(64), kernel: '6.1', agentImage: 'node:22' },
  }
  expect(otherContents(first, first)).toEqual([])
  expect(otherContents(undefined, first)).toEqual([])
  const moved = { ...first.facts, ztunnel: image('2'), kernel: '6.2', agentImage: image('3') }
  expect(otherContents(first, { facts: moved })).toEqual([`ztunnel: ${image('1')} then, ${image('2')} now`])
  const rewritten = { ...first.facts, gatewayApiSha256: 'b'.repeat(64) }
  expect(otherContents(first, { facts: rewritten })).toHaveLength(1)
  expect(otherContents(first, { facts: { ...rewritten, gatewayApiSha256: 'unknown' } })).toEqual([])
  const { engine, loadBalancer } = sampleBuild(1)
  const ofVariant = (ztunnel: string) => ({
    facts: {},
    variants: ['base', 'pr'].map((name) => ({
      ...{ name, engine, loadBalancer },
      facts: { ztunnel: name === 'pr' ? ztunnel : image('1') },
    })),
  })
  expect(otherContents(ofVariant(image('1')), ofVariant(image('1')))).toEqual([])
  expect(otherContents(ofVariant(image('1')), ofVariant(image('2')))[0]).toMatch(/^ztunnel \(pr\): /)
})

test('a run does not go on with an image that its tag does not mean any more', () => {
  const run = { id: 'run', builds: [{ ...sampleBuild(1), facts: { ztunnel: image('1') } }] }
  expect(() => requireSameContents(run, { facts: { ztunnel: image('1') } })).not.toThrow()
  expect(() => requireSameContents(run, { facts: { ztunnel: image('2') } })).toThrow(ResultError)
  expect(() => requireSameContents(run, { facts: { ztunnel: image('2') } })).toThrow(
    /cannot go on: ztunnel: /,
  )
})

test('a version that is switched to is held to what its own first start was made of', () => {
  const start = (restart: number, variant: string, digit: string) => ({
    ...sampleRestart({ build: 1, restart }),
    ...{ variant, facts: { ztunnel: image(digit) } },
  })
  const watch = new ContentsWatch()
  expect(watch.see(start(1, 'old', '1'))).toBeUndefined()
  expect(watch.see(start(1, 'new', '2'))).toBeUndefined()
  expect(watch.see(start(2, 'new', '2'))).toBeUndefined()
  expect(watch.see(start(2, 'old', '2'))).toMatch(/^old of restart 2 is made of other images .*: ztunnel: /)

  const before = { id: 'run', builds: [sampleBuild(1)], restarts: [start(1, 'old', '1')] }
  const resumed = new ContentsWatch(before as unknown as RunResult)
  expect(resumed.see(start(1, 'new', '2'))).toBeUndefined()
  expect(() => resumed.see(start(1, 'old', '2'))).toThrow(/run cannot go on: ztunnel: /)
})
