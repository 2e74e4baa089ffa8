/**
 * A process that tries for run locks, for tests that race it and kill it. For each line on stdin, a lock name, it
 * answers with one JSON line, `{"won":true}` or `{"won":false,"message":"...","hint":"..."}`. It frees nothing.
 */
import { createInterface } from 'node:readline'
import { HopmeterError } from '../../errors.ts'
import { lockHost } from '../host-lock.ts'

for await (const name of createInterface({ input: process.stdin })) {
  process.env['HOPMETER_LOCK_NAME'] = name
  const answer = await lockHost({ runId: '2026-11-23t01-02-03z-mixed-7f3a', scenario: 'mixed' }).then(
    () => ({ won: true }),
    (error: unknown) => {
      if (!(error instanceof HopmeterError)) throw error
      return { won: false, message: error.message, hint: error.hint }
    },
  )
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
