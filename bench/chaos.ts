/**
 * Is anything lost or left, and does anything hang, when a run in the lab is killed, stopped, interrupted or loses one
 * of its processes at any moment? Each kind of attack in turn, at random instants of random phases.
 * Run with: npm run bench chaos [-- --count 110 --seed 1]. Exits with 1 when one count is not zero.
 */
import { parseArgs } from 'node:util'
import { textTable } from '../src/report/render/text/table.ts'
import { attackNames, chaos, type Attempt } from '../test/support/chaos.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '110' }, seed: { type: 'string', default: '1' } },
})
const attempts: Attempt[] = []
for await (const attempt of chaos(Number(values.count), Number(values.seed))) {
  attempts.push(attempt)
  for (const kind of ['hung', 'lost', 'left'] as const) {
    for (const what of attempt[kind]) {
      const when = `${attempt.afterMs.toFixed(0)} ms after "${attempt.phase}"`
      console.log(`${kind}: ${attempt.attack}, ${when}: ${what}`)
      if (kind === 'lost') console.log(attempt.stderr.slice(-2000))
    }
  }
}

const rows = attackNames.map((attack) => {
  const own = attempts.filter((attempt) => attempt.attack === attack)
  const count = (kind: 'hung' | 'lost' | 'left') => own.filter((attempt) => attempt[kind].length > 0).length
  return [attack, own.length, count('hung'), count('lost'), count('left')].map(String)
})
console.log(textTable(['ATTACK', 'TRIED', 'HUNG', 'LOST', 'LEFT'], rows, [1, 2, 3, 4]))
process.exit(attempts.some(({ hung, lost, left }) => hung.length + lost.length + left.length > 0) ? 1 : 0)
