import { expect, test } from 'vitest'
import { runPhases } from './run-steps.ts'
import type { KubeStep, Readiness } from './step.ts'
import { waitUntilReady } from './wait.ts'

const context = { signal: new AbortController().signal, progress: () => {} }

function step(name: string, more: Partial<KubeStep>): KubeStep {
  return { name, commands: [], isDone: () => Promise.resolve(false), run: () => Promise.resolve(), ...more }
}

test('a step that is done is not run, and one that is run must be done afterwards', async () => {
  let runs = 0
  const run = () => Promise.resolve(void runs++)
  await runPhases([[step('right already', { isDone: () => Promise.resolve(true), run })]], context)
  expect(runs).toBe(0)
  await runPhases([[step('to be done', { isDone: () => Promise.resolve(runs > 0), run })]], context)
  expect(runs).toBe(1)
  await expect(runPhases([[step('without effect', { run })]], context)).rejects.toThrow(
    'without effect: it ran, but its result is not there',
  )
})

test('the first failure of a phase stops the others and every later phase', async () => {
  const seen: string[] = []
  const waiting = step('waits', {
    run: ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          seen.push('stopped')
          resolve()
        })
      }),
  })
  const broken = step('breaks', { run: () => Promise.reject(new Error('no luck')) })
  const later = step('later', { run: () => Promise.resolve(void seen.push('later')) })
  await expect(runPhases([[waiting, broken], [later]], context)).rejects.toThrow('breaks: no luck')
  expect(seen).toEqual(['stopped'])
})

test('waiting ends with what was missing and why that mostly is so', async () => {
  const lines: string[] = []
  const never: Readiness = {
    name: 'pods are Ready',
    deadlineMs: 300,
    check: () => Promise.resolve('one is Pending'),
    explain: (missing) => `because ${missing}`,
  }
  const progress = (line: string) => void lines.push(line)
  await expect(waitUntilReady(never, { ...context, progress })).rejects.toMatchObject({
    message: expect.stringMatching(/pods are Ready: not so after .*: one is Pending/) as string,
    hint: 'because one is Pending',
  })
  // Said once, not at every look.
  expect(lines).toHaveLength(1)
})

test('a check that fails for a while is asked again', async () => {
  let looks = 0
  const check = () => (++looks < 3 ? Promise.reject(new Error('connection refused')) : Promise.resolve(null))
  await waitUntilReady({ name: 'API', deadlineMs: 30_000, check, explain: () => '' }, context)
  expect(looks).toBe(3)
})

test('a wait that is in vain ends before its deadline', async () => {
  const readiness = {
    name: 'pods are Ready',
    deadlineMs: 60_000,
    check: () => Promise.resolve('ErrImagePull'),
    isHopeless: (missing: string) => missing.includes('ErrImage'),
    explain: () => 'name another image',
  }
  await expect(waitUntilReady(readiness, context)).rejects.toThrow(
    /pods are Ready: not so after 0 s: ErrImagePull/,
  )
})
