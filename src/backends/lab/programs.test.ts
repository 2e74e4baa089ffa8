import { expect, test } from 'vitest'
import { run } from '../../process/exec.ts'
import { warmSoon, warmSoonFlags } from './programs.ts'

test('the Node that runs this knows the flags of the programs: it would not start them otherwise', async () => {
  const { stdout } = await run(process.execPath, [...warmSoon, '--eval', 'process.stdout.write("started")'])
  expect(stdout).toBe('started')
})

test.each([
  ['11.3.244.8-node.38', 2],
  ['12.4.254.21-node.57', 4],
  ['13.6.233.17-node.63', 4],
  ['14.1.1', 0],
])('V8 %s has %i of them', (v8, count) => {
  expect(warmSoonFlags(v8)).toHaveLength(count)
})
