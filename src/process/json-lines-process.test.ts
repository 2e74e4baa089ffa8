import { afterEach, describe, expect, it } from 'vitest'
import { start } from './exec.ts'
import { JsonLinesProcess, type JsonLine } from './json-lines-process.ts'

/** Greets, then answers `ping` with `pong`; other requests make it misbehave. */
const program = `
const say = (m) => console.log(JSON.stringify(m))
say({ type: 'hello' })
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { type, ...rest } = JSON.parse(line)
  if (type === 'ping') say({ type: 'pong', ...rest })
  if (type === 'refuse') say({ type: 'error', message: 'no, thank you' })
  if (type === 'babble') console.log('hello')
  if (type === 'null') console.log('null')
  if (type === 'twice') { say({ type: 'pong' }); say({ type: 'pong' }) }
  if (type === 'leave') process.exit(0)
  if (type === 'die') { console.error('too much'); process.exit(3) }
  if (type === 'stay') setInterval(() => {}, 1000)
  if (type === 'grumble') console.error('leave me alone')
})`

const options = { timeoutMs: 20_000 }

describe('JsonLinesProcess', () => {
  const started: { readonly subject: JsonLinesProcess; readonly done: Promise<unknown> }[] = []
  afterEach(async () => {
    for (const { subject, done } of started.splice(0)) {
      subject.kill()
      await done
    }
  })

  function begin(): { subject: JsonLinesProcess; done: Promise<unknown> } {
    const child = start(process.execPath, ['-e', program])
    const subject = new JsonLinesProcess('test program', child)
    const both = { subject, done: child.done.catch(() => 'failed') }
    started.push(both)
    return both
  }

  async function greeted(): Promise<{ subject: JsonLinesProcess; done: Promise<unknown> }> {
    const both = begin()
    await both.subject.next('hello', options)
    return both
  }

  it('waits for a greeting, then matches answers in order', async () => {
    const { subject } = await greeted()
    const answers = await Promise.all([1, 2, 3].map((n) => subject.ask({ type: 'ping', n }, 'pong', options)))
    expect(answers).toEqual([1, 2, 3].map((n) => ({ type: 'pong', n })))
    expect(() => subject.assertRunning()).not.toThrow()
  })

  it.for([
    ['reports an error', 'refuse', 'test program: no, thank you'],
    ['writes no JSON', 'babble', 'test program wrote something that is no message: hello'],
    ['writes JSON that is no message', 'null', 'test program wrote something that is no message: null'],
    ['ends', 'leave', 'test program ended'],
    ['fails', 'die', 'test program failed: too much'],
  ] as const)('fails, and kills it, when the program %s', async ([, type, message]) => {
    const { subject, done } = await greeted()
    const answers = [{ type }, { type: 'ping' }].map((request) => subject.ask(request, 'pong', options))
    for (const result of await Promise.allSettled(answers)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { message } })
    }
    await expect(subject.ask({ type: 'ping' }, 'pong', options)).rejects.toThrow(message)
    expect(() => subject.assertRunning()).toThrow(message)
    await done
  })

  it('fails when the answer is of another type', async () => {
    const { subject, done } = await greeted()
    const answer = subject.ask<JsonLine>({ type: 'ping' }, 'flows', options)
    await expect(answer).rejects.toThrow('test program answered "pong" instead of "flows"')
    await done
  })

  it('fails when the program speaks unasked', async () => {
    const { subject, done } = await greeted()
    await subject.ask({ type: 'twice' }, 'pong', options)
    await done
    expect(() => subject.assertRunning()).toThrow('answered "pong" instead of waiting to be asked')
  })

  it('kills a program that is silent for too long, and says what it wrote to standard error', async () => {
    const { subject, done } = await greeted()
    await subject.ask({ type: 'ping' }, 'pong', options)
    const answer = subject.ask({ type: 'grumble' }, 'pong', { timeoutMs: 2000 })
    await expect(answer).rejects.toThrow(/^test program said nothing within 2000 ms, instead of "pong"/)
    expect(await done).toBe('failed')
  })

  it('stops waiting when it is aborted', async () => {
    const { subject, done } = begin()
    const abort = new AbortController()
    const answer = subject.next('never', { ...options, signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(answer).rejects.toThrow('enough')
    await done
    const late = greeted().then(({ subject: other }) => other.next('x', { ...options, signal: abort.signal }))
    await expect(late).rejects.toThrow('enough')
  })

  it('ends a program by the end of its input', async () => {
    const { subject, done } = await greeted()
    await subject.end(20_000)
    expect(await done).toBeUndefined()
    await expect(subject.ask({ type: 'ping' }, 'pong', options)).rejects.toThrow('test program was closed')
  })

  it('kills a program that stays after the end of its input', async () => {
    const { subject, done } = await greeted()
    await Promise.all([
      subject.ask({ type: 'stay' }, 'pong', { timeoutMs: 20_000 }).catch(() => {}),
      subject.end(200),
    ])
    expect(await done).toBe('failed')
  })

  it('says why when the program does not exist', async () => {
    const subject = new JsonLinesProcess('test program', start('/nonexistent/program', []))
    await expect(subject.next('hello', options)).rejects.toThrow(
      'test program failed: /nonexistent/program not found',
    )
    await subject.end(1000)
  })
})
