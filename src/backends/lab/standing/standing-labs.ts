import type { StandingTestbed } from '../../standing.ts'
import { enterLab } from './enter-lab.ts'
import { livingRecords } from './record.ts'

/** Labs that a process holds open on this machine. */
export function standingLabs(): readonly StandingTestbed[] {
  return livingRecords().map((record) => ({
    backend: 'lab',
    scenario: record.scenario,
    holder: record.holder.pid,
    places: () => Promise.resolve(record.places),
    enter: (place, visitor) => Promise.resolve(enterLab(record, place, visitor)),
  }))
}
