import { expect } from 'vitest'
import type { DriverLoad } from '../../../agent/drivers/drivers.ts'
import type { Testbed } from '../../backend.ts'
import type { Plan } from '../../../plan/plan-scenario.ts'
import { createLab } from '../lab.ts'
import type { LabOptions } from '../options.ts'
import { descendantsOf, descendantsSince, leftovers, namespacesOf } from './leftovers.ts'
import { prove } from './load.ts'

export const quietly = { signal: new AbortController().signal, progress: () => {} }

/** Stands a lab up for one test and takes it down, also when the test fails; nothing that was in it may stay. */
export async function withLab(plan: Plan, options: LabOptions, test: (testbed: Testbed) => Promise<void>) {
  const before = descendantsOf(process.pid)
  const testbed = await createLab(options).up(plan, quietly)
  try {
    await test(testbed)
  } finally {
    // Afterwards nobody could tell whose a process is that outlived its parent.
    const made = descendantsSince(before)
    const namespaces = namespacesOf(made)
    await testbed.down()
    expect(await leftovers(made, namespaces)).toEqual([])
  }
}

/** Sends requests over every path: its verdict, protocol, number of components and reasons, by its name. */
export async function verdicts(
  testbed: Testbed,
  plan: Plan,
  load?: DriverLoad,
): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {}
  for (const planned of plan.paths) {
    const { verdict, observedProtocol, observed, reasons } = await prove(testbed, planned, load)
    seen[planned.name] = [verdict, observedProtocol, observed.length, ...reasons].join(' ')
  }
  return seen
}
