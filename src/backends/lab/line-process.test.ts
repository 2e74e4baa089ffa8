import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAnchor, type Anchor } from './anchor.ts'
import { LineProcess } from './line-process.ts'
import { labReady, requires } from './testing/requires.ts'

/** Answers `listening` to the first line, then `pong` to `ping`, dies of `die`, and babbles on `babble`. */
const program = `
const say = (m) => console.log(JSON.stringify(m))
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { type, ...rest } = JSON.parse(line)
  if (type === 'start') say({ type: 'listening' })
  if (type === 'ping') say({ type: 'pong', ...rest })
  if (type === 'refuse') say({ type: 'error', message: 'no, thank you' })
  if (type === 'babble') console.log('hello')
  if (type === 'die') { console.error('too much'); process.exit(3) }
})`

describe('LineProcess', () => {
  let anchor: Anchor | undefined
  beforeAll(async () => {
    if (await labReady()) anchor = await openAnchor()
  })
  afterAll(() => anchor?.close())

  function begin(first: object = { type: 'start' }, signal?: AbortSignal): Promise<LineProcess> {
    if (!anchor) throw new Error('there are no private namespaces')
    const command = { file: process.execPath, args: ['-e', program] }
    return LineProcess.start(anchor, 'test program', command, first, signal)
  }

  it('sends requests and matches answers in order', async (context) => {
    await requires(context)
    const subject = await begin()
    const answers = await Promise.all([1, 2, 3].map((n) => subject.ask({ type: 'ping', n }, 'pong')))
    expect(answers).toEqual([1, 2, 3].map((n) => ({ type: 'pong', n })))
  })

  it('reads the CPU time of the program, not of nsenter', async (context) => {
    await requires(context)
    const subject = await begin()
    // Node takes at least this much CPU time to start; nsenter takes less than a tenth.
    expect(subject.cpuMs()).toBeGreaterThan(10)
  })

  it.for([
    ['reports an error', { type: 'refuse' }, 'test program: no, thank you'],
    ['ends', { type: 'die' }, 'test program failed: too much'],
    [
      'writes something else than JSON',
      { type: 'babble' },
      'test program wrote something that is not JSON: hello',
    ],
  ] as const)('rejects when the program %s', async ([, request, message], context) => {
    await requires(context)
    await expect(begin(request)).rejects.toThrow(message)
    const running = await begin()
    await expect(running.ask(request, 'pong')).rejects.toThrow(message)
    // Nothing that comes later can be trusted.
    await expect(running.ask({ type: 'ping' }, 'pong')).rejects.toThrow(message)
  })

  it('rejects when the answer is of another kind', async (context) => {
    await requires(context)
    const subject = await begin()
    await expect(subject.ask({ type: 'ping' }, 'flows')).rejects.toThrow('answered "pong" instead of "flows"')
  })

  it('stops waiting when it is aborted', async (context) => {
    await requires(context)
    const abort = new AbortController()
    const silent = begin({ type: 'ignore' }, abort.signal)
    abort.abort(new Error('enough'))
    await expect(silent).rejects.toThrow('enough')
  })
})
