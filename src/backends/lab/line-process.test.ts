import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAnchor, type Anchor } from './anchor.ts'
import { LineProcess } from './line-process.ts'
import { labReady, requires } from './testing/requires.ts'

/** Answers its configuration with `listening`, or with what that asks for; then `ping` with `pong`. */
const program = `
const say = (m) => console.log(JSON.stringify(m))
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { type, ...rest } = JSON.parse(line)
  if (type === 'ping') say({ type: 'pong', ...rest })
  else if (type === 'die') { console.error('too much'); process.exit(3) }
  else say({ type: 'listening' })
})`
const command = { file: process.execPath, args: ['-e', program] }

describe('LineProcess', () => {
  let anchor: Anchor | undefined
  beforeAll(async () => {
    if (await labReady()) anchor = await openAnchor()
  })
  afterAll(() => anchor?.close())

  function inLab(): Anchor {
    if (!anchor) throw new Error('there are no private namespaces')
    return anchor
  }

  it('configures a program, then asks it', async (context) => {
    await requires(context)
    const subject = await LineProcess.start(inLab(), 'test program', command, {})
    const answers = await Promise.all([1, 2, 3].map((n) => subject.ask({ type: 'ping', n }, 'pong')))
    expect(answers).toEqual([1, 2, 3].map((n) => ({ type: 'pong', n })))
    subject.assertRunning()
  })

  it('reads the CPU time of the program, not of nsenter', async (context) => {
    await requires(context)
    const subject = await LineProcess.start(inLab(), 'test program', command, {})
    // Node takes at least this much CPU time to start; nsenter takes less than a tenth.
    expect(subject.cpuMs()).toBeGreaterThan(10)
  })

  it('asks a program once, and ends it', async (context) => {
    await requires(context)
    const request = { type: 'ping', n: 1 }
    const answer = await LineProcess.once(inLab(), 'test program', command, request, 'pong')
    expect(answer).toEqual({ type: 'pong', n: 1 })
  })

  it('tells why a program did not start', async (context) => {
    await requires(context)
    const dying = LineProcess.start(inLab(), 'test program', command, { type: 'die' })
    await expect(dying).rejects.toThrow('test program failed: too much')
    const gone = { file: '/nonexistent/program', args: [] }
    await expect(LineProcess.start(inLab(), 'test program', gone, {})).rejects.toThrow(
      /^test program failed: .*\/nonexistent\/program/,
    )
  })

  it('stops waiting when it is aborted', async (context) => {
    await requires(context)
    const abort = new AbortController()
    const waiting = LineProcess.start(
      inLab(),
      'test program',
      { file: 'sleep', args: ['1000'] },
      {},
      abort.signal,
    )
    abort.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})
