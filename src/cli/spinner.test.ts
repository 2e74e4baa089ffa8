import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { CliContext } from './context.ts'
import { createSpinner, hasMovingLine } from './spinner.ts'

/** A terminal that keeps what is written to it. */
class Terminal extends Writable {
  readonly isTTY = true
  columns: number | undefined
  text = ''

  constructor(columns: number | undefined) {
    super()
    this.columns = columns
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }

  cursorTo(): boolean {
    return true
  }

  moveCursor(): boolean {
    return true
  }

  clearLine(): boolean {
    return true
  }
}

function contextOf(stderr: Terminal, env: Record<string, string> = {}): CliContext {
  return { stderr, env } as unknown as CliContext
}

test.each([
  [100, {}, true],
  [undefined, {}, true],
  [0, {}, false],
  [5, {}, false],
  [100, { TERM: 'dumb' }, false],
  [100, { CI: 'true' }, false],
])('with %s columns and %j a line moves: %s', (columns, env, moves) => {
  expect(hasMovingLine(contextOf(new Terminal(columns), env))).toBe(moves)
})

test('a terminal whose columns become none is drawn on as before', () => {
  const terminal = new Terminal(100)
  const spinner = createSpinner(contextOf(terminal))
  spinner.start('one')
  for (const columns of [0, 1, Number.NaN, undefined]) {
    terminal.columns = columns
    spinner.start(`at ${columns} columns`)
    spinner.keep('✔', 'kept')
  }
  spinner.stop()
  expect(terminal.text.match(/✔ kept\n/g)).toHaveLength(4)
})
