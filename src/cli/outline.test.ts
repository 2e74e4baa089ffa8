import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import type { Command } from 'commander'
import { beforeAll, expect, test } from 'vitest'
import type { CliContext } from './context.ts'
import { fromOutline, outlineOf } from './outline.ts'
import { createProgram } from './program.ts'

function contextOn(lines: string[]): CliContext {
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  return {
    stdout: stream,
    stderr: stream,
    env: {},
    stoppable: async (work) => await work(new AbortController().signal),
    underSignals: async (_take, work) => await work(),
    setExitCode: () => {},
  }
}

let real: Command
beforeAll(async () => {
  // From source there are no outlines, so that every verb is the real one.
  real = await createProgram(contextOn([]), [])
})

test('a verb and its outline are listed and completed alike', () => {
  const outlined = real.createCommand('hopmeter')
  outlined.copyInheritedSettings(real)
  for (const verb of real.commands) outlined.addCommand(fromOutline(outlineOf(verb)))
  const listing = (program: Command) =>
    program
      .createHelp()
      .formatHelp(program, program.createHelp())
      .replace(/^[\s\S]*Commands:/, '')
  expect(listing(outlined)).toBe(listing(real))
  expect(outlined.commands.map(outlineOf)).toEqual(real.commands.map(outlineOf))
})

test('what the build wrote is what the verbs say', () => {
  const file = new URL('../../dist/cli/outline.json', import.meta.url)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(real.commands.map(outlineOf))),
  )
})

test('an outline never passes for its verb', async () => {
  const outlined = fromOutline(outlineOf(real.commands.find((verb) => verb.name() === 'schema')!))
  await expect(outlined.parseAsync([], { from: 'user' })).rejects.toThrow('not loaded')
})
