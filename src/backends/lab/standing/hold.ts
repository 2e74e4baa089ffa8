import { identityOf, ownIdentity } from '../../../process/process-identity.ts'
import type { LabTestbed } from '../testbed.ts'
import { ownPidNamespace, writeRecord } from './record.ts'

/** Makes a lab known, so that others may enter it, until it is taken down. @throws EnvironmentError */
export function holdOpen(testbed: LabTestbed, scenario: string): void {
  const { anchor, cpu, places } = testbed.inside
  const forget = writeRecord({
    version: 1,
    scenario,
    holder: ownIdentity(),
    anchor: identityOf(anchor.pid),
    pidNamespace: ownPidNamespace(),
    isolation: anchor.isolation,
    cpu: cpu ?? null,
    places: [...places],
  })
  testbed.whenDown(forget)
}
