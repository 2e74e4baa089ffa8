import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { HopmeterError } from '../../errors.ts'
import type { Testbed } from '../backend.ts'
import { createLab } from './lab.ts'
import { ladder } from './testing/ladder.ts'
import {
  commandOf,
  descendantsOf,
  descendantsSince,
  leftovers,
  namespacesOf,
  type ProcessId,
} from './testing/leftovers.ts'
import { prove } from './testing/load.ts'
import { labReady, requires } from './testing/requires.ts'

const never = new AbortController().signal
const quietly = { signal: never, progress: () => {} }
const restarting = { ...quietly, seed: 1 }

/** Programs that forward or answer bytes, below this process: their own processes, not the `nsenter` above each. */
function programs(): readonly ProcessId[] {
  return descendantsOf(process.pid).filter(({ pid }) =>
    /^\S*node .*(lab-component\.mjs|agent\.mjs serve)/.test(commandOf(pid)),
  )
}
const idsOf = (found: readonly ProcessId[]) => found.map(({ pid, startedAt }) => `${pid} ${startedAt}`)

describe('a lab that is restarted', { timeout: 120_000 }, () => {
  const plan = ladder()
  let testbed: Testbed | undefined

  beforeAll(async () => {
    if (await labReady()) testbed = await createLab().up(plan, quietly)
  }, 120_000)
  afterAll(() => testbed?.down())

  async function ready(context: TestContext): Promise<Testbed> {
    await requires(context)
    if (!testbed) throw new Error('the lab is not up')
    return testbed
  }
  const placesOf = (lab: Testbed) => ({
    addresses: lab.addresses,
    pods: plan.workloads.map((workload) => lab.podAddress(workload)),
    targets: plan.paths.map((planned) => lab.target(planned)),
    namespaces: [...namespacesOf(descendantsOf(process.pid))].toSorted(),
  })

  it('has other programs at the same places, and every path is proven again', async (context) => {
    const lab = await ready(context)
    const [before, places] = [programs(), placesOf(lab)]
    expect(before.length).toBeGreaterThan(10)
    await lab.restart!(restarting)
    const after = programs()
    expect(after).toHaveLength(before.length)
    expect(idsOf(after).filter((id) => idsOf(before).includes(id))).toEqual([])
    expect(placesOf(lab)).toEqual(places)
    for (const planned of plan.paths) {
      const evidence = await prove(lab, planned)
      expect([planned.name, evidence.verdict, evidence.reasons]).toEqual([planned.name, 'proven', []])
    }
  })

  it('counts anew: nothing of an earlier start is in its evidence', async (context) => {
    const lab = await ready(context)
    await prove(lab, plan.paths[0]!)
    await lab.restart!({ ...restarting, seed: 2 })
    const { components, served } = await lab.evidence()
    expect(components.flatMap(({ flows }) => flows)).toEqual([])
    expect(served.flatMap(({ byPath }) => Object.keys(byPath))).toEqual([])
    for (const { cpuMs } of await lab.cpuUsage()) expect(cpuMs).toBeGreaterThan(0)
  })

  it('brings back a program that had died', async (context) => {
    const lab = await ready(context)
    const [victim] = programs()
    process.kill(victim!.pid, 'SIGKILL')
    await expect.poll(() => lab.evidence().then(() => 'fine', String)).toMatch(/failed|ended/)
    await lab.restart!({ ...restarting, seed: 3 })
    for (const planned of plan.paths) expect((await prove(lab, planned)).verdict).toBe('proven')
  })
})

describe('a restart that is stopped', { timeout: 120_000 }, () => {
  it('fails for that reason, and down leaves nothing', async (context) => {
    await requires(context)
    const before = descendantsOf(process.pid)
    const lab = await createLab().up(ladder(), quietly)
    const controller = new AbortController()
    const own = () => descendantsSince(before)
    const made = new Map(own().map((found) => [found.pid, found]))
    const namespaces = namespacesOf([...made.values()])
    controller.abort(new HopmeterError('enough'))
    await expect(lab.restart!({ ...restarting, signal: controller.signal })).rejects.toThrow('enough')
    for (const found of own()) made.set(found.pid, found)
    await lab.down()
    expect(await leftovers([...made.values()], namespaces)).toEqual([])
  })
})
