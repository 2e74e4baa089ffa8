import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runResult } from '../src/results/schema.ts'
import { Hopmeter } from './support/hopmeter.ts'

const cache = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url))
/** Where `npm test` puts a Node of another version. */
const nodeOf = (version: string) =>
  path.join(cache, `node-${version}/node_modules/node-linux-${process.arch}/bin/node`)

let hopmeter: Hopmeter
beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})
afterEach(() => hopmeter.dispose())

// Node ends at a flag that its V8 does not know: no program of a lab started on Node 22 once.
test.for(['22', '24'])(
  'a lab of Node %s comes up, is proven and leaves nothing',
  async (version, context) => {
    const node = nodeOf(version)
    if (!existsSync(node)) context.skip(`there is no Node at ${node}; npm test fetches one where npm has it`)
    const quick = ['--restarts', '2', '--rounds', '2', '--duration', '200ms', '--warmup', '100ms']
    const { code, stderr } = await hopmeter.run(['run', 'hop-ladder', ...quick], { node })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const run = hopmeter.onlyRun()
    const result = runResult.parse(JSON.parse(readFileSync(path.join(run, 'result.json'), 'utf8')))
    expect(result.measured).toHaveLength(4)
    expect(result.evidence.filter(({ mismatch, unproven }) => mismatch + unproven > 0)).toEqual([])
    expect(existsSync(path.join(run, 'ladder-pingpong.png'))).toBe(true)
  },
)
