import type { Anchor } from './anchor.ts'
import type { LabCommand } from './command.ts'
import type { Identity } from './components/protocol.ts'
import { LineProcess } from './line-process.ts'
import type { AuthorityKeys } from './pki.ts'

/** Keys that are made when the lab starts. */
export interface LabKeys {
  readonly identity: (spiffe: string) => Identity
  readonly authority: AuthorityKeys
}

const keysLater = '(made at start)'

/** What stands for them in a plan, which shows none. */
export const shownKeys: LabKeys = {
  identity: (spiffe) => ({ spiffe, certPem: keysLater, keyPem: keysLater, rootPem: keysLater }),
  authority: { rootPem: keysLater, rootKeyPem: keysLater },
}

/** Where a program is started: inside a lab that stands, with keys that were made for it. */
export interface StartPlace {
  readonly anchor: Anchor
  readonly keys: LabKeys
}

/** A program of the lab that stays: `plan` shows its commands, `up` starts it, a restart starts it anew. */
export interface PlannedProgram<Running> {
  /** As a user could type them; what the program reads from a file or its first line is shown as input. */
  readonly commands: readonly LabCommand[]
  /** From nothing, each time. @throws HopmeterError with the program's own words when it does not come up. */
  start(place: StartPlace, signal?: AbortSignal): Promise<Running>
}

/** A program of our own, which is told its configuration by its first line. */
export function lineProgram(
  name: string,
  command: LabCommand,
  configOf: (keys: LabKeys) => object,
): PlannedProgram<LineProcess> {
  return {
    commands: [{ ...command, input: `${JSON.stringify(configOf(shownKeys))}\n` }],
    start: ({ anchor, keys }, signal) => LineProcess.start(anchor, name, command, configOf(keys), signal),
  }
}
