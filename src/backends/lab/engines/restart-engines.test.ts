import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Testbed } from '../../backend.ts'
import { createLab } from '../lab.ts'
import { ladder } from '../testing/ladder.ts'
import { commandOf, descendantsOf, descendantsSince, leftovers } from '../testing/leftovers.ts'
import { prove } from '../testing/load.ts'
import { requires } from '../testing/requires.ts'
import { quietly } from '../testing/with-lab.ts'
import type { EngineChoice } from './engines.ts'
import { realEnvoy, realHaproxy } from './testing/real-engines.ts'

const standIn = fileURLToPath(new URL('./ztunnel/testing/stand-in/ztunnel.mjs', import.meta.url))
const plan = ladder()

/** What forwards or answers in the lab, with what stands beside it: not the `nsenter` above each. */
const programs = () =>
  descendantsOf(process.pid).filter(({ pid }) => {
    const words = commandOf(pid)
    return (
      !/^\S*(nsenter|setpriv|unshare) /.test(words) &&
      /lab-component|agent\.mjs serve|ztunnel|envoy|haproxy|companion|pod-main/.test(words)
    )
  })
const idsOf = (found: ReturnType<typeof programs>) => found.map(({ pid, startedAt }) => `${pid} ${startedAt}`)

/** CPUs that any thread of these programs may use. */
const cpusOf = (found: ReturnType<typeof programs>) =>
  new Set(
    found.flatMap(({ pid }) =>
      readdirSync(`/proc/${pid}/task`).map(
        (thread) =>
          /^Cpus_allowed_list:\s*(\S+)$/m.exec(
            readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'),
          )![1],
      ),
    ),
  )

async function expectProven(testbed: Testbed): Promise<void> {
  for (const planned of plan.paths) {
    const { verdict, reasons } = await prove(testbed, planned)
    expect([planned.name, verdict, reasons]).toEqual([planned.name, 'proven', []])
  }
}

describe('programs of others in a lab', { timeout: 240_000 }, () => {
  it.for(['Envoy and HAProxy', 'a ztunnel'] as const)(
    'are restarted, kept on one CPU, watched and ended with the lab: %s',
    async (whose, context) => {
      await requires(context)
      const engines: EngineChoice =
        whose === 'a ztunnel'
          ? { ztunnel: standIn }
          : { envoy: realEnvoy(context), haproxy: realHaproxy(context) }
      const before = descendantsOf(process.pid)
      let made = before
      const testbed = await createLab({ engines, cpus: 'one' }).up(plan, quietly)
      try {
        await expectProven(testbed)
        const first = programs()
        const asked = availableParallelism() < 2 ? cpusOf([{ pid: process.pid, startedAt: '' }]) : undefined
        expect(cpusOf(first)).toEqual(asked ?? new Set([/\d+/.exec(testbed.facts['cpus'] ?? '')?.[0]]))
        await testbed.restart!({ ...quietly, seed: 1 })
        const second = programs()
        expect(second).toHaveLength(first.length)
        expect(idsOf(second).filter((id) => idsOf(first).includes(id))).toEqual([])
        expect(cpusOf(second)).toEqual(cpusOf([...second].slice(0, 1)))
        expect((await testbed.evidence()).components.flatMap(({ flows }) => flows)).toEqual([])
        await expectProven(testbed)
        expect(cpusOf(programs())).toEqual(cpusOf(second.slice(0, 1)))
        expect(await testbed.whatBroke!()).toBeUndefined()
        const victim = programs().find(({ pid }) =>
          /(^|\/)(envoy|ztunnel\.mjs)\b|lab-ztunnel-companion/.test(commandOf(pid)),
        )
        process.kill(victim!.pid, 'SIGKILL')
        await expect.poll(async () => String(await testbed.whatBroke!())).toMatch(/ended/)
      } finally {
        made = descendantsSince(before)
        await testbed.down()
      }
      expect(made).not.toEqual([])
      expect(await leftovers(made)).toEqual([])
    },
  )
})
