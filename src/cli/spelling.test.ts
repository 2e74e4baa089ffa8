import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { CliContext } from './context.ts'
import { reportVerb } from './report.ts'
import { runVerb } from './run.ts'

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
const context: CliContext = {
  stdout: nowhere,
  stderr: nowhere,
  env: {},
  stoppable: async (work) => await work(new AbortController().signal),
  setExitCode: () => {},
}

test.each([
  ['run', runVerb],
  ['report', reportVerb],
] as const)('%s takes --no-chart and --no-charts, and documents one of them', (_, verb) => {
  for (const spelling of ['--no-chart', '--no-charts']) {
    const command = verb(context)
      .exitOverride()
      .action(() => {})
    command.parse(['hop-ladder', spelling], { from: 'user' })
    const { chart, charts } = command.opts<{ chart: boolean; charts: boolean }>()
    expect(chart && charts).toBe(false)
  }
  const help = verb(context).helpInformation()
  expect(help.match(/--no-charts?/g)).toEqual(['--no-charts'])
})
