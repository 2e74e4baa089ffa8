import fc from 'fast-check'
import { test } from 'vitest'
import { fuzzTargets } from './testing/fuzz-targets.ts'

// The same cases every time; `npm run bench fuzz` goes on with new ones for as long as it is told to.
test.each(fuzzTargets)(
  '$name of strangers are read or refused, and nothing else',
  async ({ property }) => {
    await fc.assert(property(), { seed: 20_261_128, numRuns: 60 })
  },
  120_000,
)
