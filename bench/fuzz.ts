import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { fuzzTargets } from '../src/cli/testing/fuzz-targets.ts'

// The fuzz tests with new cases: each kind of input in turn, for a share of the time.
// Usage: npx tsx bench/fuzz.ts [--minutes 5] [--seed N] [--only NAME]

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
  },
})
const targets = fuzzTargets.filter(({ name }) => values.only === undefined || name === values.only)
if (targets.length === 0)
  throw new Error(`--only is one of ${fuzzTargets.map(({ name }) => name).join(', ')}`)
const interruptAfterTimeLimit = (Number(values.minutes) * 60_000) / targets.length
let failed = 0
for (const { name, property } of targets) {
  const result = await fc.check(property() as fc.IAsyncProperty<unknown>, {
    seed: Number(values.seed),
    numRuns: 1_000_000_000,
    interruptAfterTimeLimit,
    // Only whole cases count; the time to make a failing one small is worth it.
    markInterruptAsFailure: false,
  })
  console.log(`${name}: ${result.numRuns} cases, ${result.failed ? 'FAILED' : 'none failed'}`)
  if (result.failed) {
    failed += 1
    console.log(fc.defaultReportMessage(result))
  }
}
console.log(`seed ${values.seed}`)
process.exitCode = failed > 0 ? 1 : 0
