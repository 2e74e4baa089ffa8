import { expect, test } from 'vitest'
import { hasCoarseCpu, isSimulated } from './build-traits.ts'
import { sampleBuild } from './testing/sample-run.ts'

const build = sampleBuild()

test('a build says itself whether stand-ins forwarded its bytes', () => {
  const engine = { name: 'lab-ztunnel', version: '1.31.0' }
  expect(isSimulated({ builds: [{ ...build, engine: { ...engine, simulated: false } }] })).toBe(false)
  expect(
    isSimulated({ builds: [{ ...build, engine: { name: 'other', version: '1', simulated: true } }] }),
  ).toBe(true)
})

test('files of before that was recorded are read by what they say', () => {
  expect(isSimulated({ builds: [{ ...build, engine: { name: 'lab-node', version: '0.1.0' } }] })).toBe(true)
  expect(isSimulated({ builds: [{ ...build, engine: { name: 'istio', version: '1.31.0' } }] })).toBe(false)
  expect(isSimulated({ builds: [] })).toBe(false)
})

test('whether CPU counters are coarse is what the build says, and of older files what the backend was', () => {
  const cpuSource = { name: 'cadvisor', perTurn: false, coversTestbed: false }
  const { cpuSource: _, ...older } = { cpuSource: undefined, ...build }
  expect(hasCoarseCpu({ backend: 'kind', builds: [{ ...build, cpuSource }] })).toBe(true)
  expect(
    hasCoarseCpu({ backend: 'contexts', builds: [{ ...build, cpuSource: { ...cpuSource, perTurn: true } }] }),
  ).toBe(false)
  expect(hasCoarseCpu({ backend: 'contexts', builds: [older] })).toBe(true)
  expect(hasCoarseCpu({ backend: 'kind', builds: [older] })).toBe(false)
})
