import { expect, test } from 'vitest'
import { madeRun } from '../analysis/testing/made-run.ts'
import { incomparable } from './comparable.ts'
import type { RunResult } from './schema.ts'
import { sampleVariants } from './testing/sample-variants.ts'

const baseline = await madeRun({ id: '2026-11-23t01-02-01z-hop-ladder-7f3a' })
const same = { ...baseline, id: '2026-11-23t01-02-02z-hop-ladder-7f3a' }

test('runs that differ only in id and seed are comparable', () => {
  expect(incomparable(baseline, { ...same, seed: 99 })).toEqual([])
})

const changes: [string, Partial<RunResult>][] = [
  ['kernel', { environment: { ...baseline.environment, kernel: '1.2.3' } }],
  ['host', { environment: { ...baseline.environment, cpuModel: 'another' } }],
  ['host', { environment: { ...baseline.environment, cores: 64 } }],
  ['node', { environment: { ...baseline.environment, node: '99.0.0' } }],
  ['scenario', { scenario: { ...baseline.scenario, hash: 'sha256:other' } }],
  ['load', { loads: [{ id: 'connect', profile: 'connect' }] }],
  ['rounds', { rounds: { ...baseline.rounds, durationMs: 5 } }],
  [
    'cpus',
    { builds: baseline.builds.map((build) => ({ ...build, facts: { cpus: 'CPU 1 for all programs' } })) },
  ],
  ['backend', { backend: 'kind' }],
  ['clients', { clients: 4 }],
  ['delay', { builds: baseline.builds.map((build) => ({ ...build, delayMethod: 'netem' })) }],
  ['load-balancer', { builds: baseline.builds.map((build) => ({ ...build, loadBalancer: 'haproxy' })) }],
]

test.each(changes)('another %s is named and can be allowed', (key, change) => {
  const found = incomparable(baseline, { ...same, ...change })
  expect(found.map((item) => item.key)).toEqual([key])
  expect(found.every((item) => item.canAllow)).toBe(true)
})

test.each(['interrupted', 'failed', 'path-mismatch', 'void'] as const)(
  'a run that is %s is never compared',
  (status) => {
    const found = incomparable(baseline, { ...same, status, reason: 'because' })
    expect(found).toMatchObject([{ key: 'status', canAllow: false }])
    expect(found[0]!.message).toContain('because')
  },
)

test('a run without verification is never compared', () => {
  expect(incomparable({ ...baseline, verify: 'off' }, same)).toMatchObject([
    { key: 'proof', canAllow: false },
  ])
})

test('another version of the engine is the question, not an obstacle', () => {
  const builds = baseline.builds.map((build) => ({ ...build, engine: { ...build.engine, version: '9.9.9' } }))
  expect(incomparable(baseline, { ...same, builds })).toEqual([])
})

test('another load balancer of a later variant is named too', async () => {
  const variants = await madeRun({ id: baseline.id, variants: sampleVariants })
  const builds = variants.builds.map((build) => ({
    ...build,
    variants: build.variants?.map((own) => (own.name === 'pr' ? { ...own, loadBalancer: 'haproxy' } : own)),
  }))
  expect(incomparable(variants, { ...variants, id: same.id, builds })).toEqual([
    {
      key: 'load-balancer',
      message: `load-balancer differs: lab-node in ${baseline.id}, lab-node (base), haproxy (pr) in ${same.id}`,
      canAllow: true,
    },
  ])
})
