// Stands a lab up and stays, for tests that end it the hard way. Prints one line when the lab is up.
import { createLab } from '../lab.ts'
import { ladder } from './ladder.ts'
import { prove } from './load.ts'

const signal = new AbortController().signal
const plan = ladder()
const testbed = await createLab().up(plan, { signal, progress: () => {} })
const verdicts: string[] = []
for (const path of plan.paths) verdicts.push((await prove(testbed, path)).verdict)
process.stdout.write(`${JSON.stringify({ facts: testbed.facts, verdicts })}\n`)
process.stdin.resume().on('end', () => void testbed.down())
