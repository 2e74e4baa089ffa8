import { expect, test } from 'vitest'
import { reportVerb } from './report.ts'
import { runVerb } from './run.ts'
import { silentContext } from './testing/silent-context.ts'

test.each([
  ['run', runVerb],
  ['report', reportVerb],
] as const)('%s takes --no-chart and --no-charts, and documents one of them', (_, verb) => {
  for (const spelling of ['--no-chart', '--no-charts']) {
    const command = verb(silentContext)
      .exitOverride()
      .action(() => {})
    command.parse(['hop-ladder', spelling], { from: 'user' })
    const { chart, charts } = command.opts<{ chart: boolean; charts: boolean }>()
    expect(chart && charts).toBe(false)
  }
  const help = verb(silentContext).helpInformation()
  expect(help.match(/--no-charts?/g)).toEqual(['--no-charts'])
})
