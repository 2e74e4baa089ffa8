import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzTargets } from './testing/fuzz-targets.ts'

// The same cases every time; `npm run bench fuzz` goes on with new ones for as long as it is told to.
test.each(fuzzTargets)(
  '$name of strangers are read or refused, and nothing else',
  async ({ property }) => {
    const { failed, ...found } = await fc.check(property(), { seed: 20_261_128, numRuns: 60 })
    expect(failed ? fc.defaultReportMessage({ failed, ...found } as fc.RunDetails<unknown>) : undefined).toBe(
      undefined,
    )
  },
  120_000,
)
