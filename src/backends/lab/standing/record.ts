import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { makeFolder } from '../../../make-folder.ts'
import { isAlive, processIdentity } from '../../../process/process-identity.ts'
import { stateHome } from '../../../xdg.ts'

const labRecord = z.object({
  version: z.literal(1),
  scenario: z.string(),
  /** The process that holds the lab: with it the lab ends. */
  holder: processIdentity,
  /** PID 1 of the lab as seen from outside; its namespaces are the lab's. */
  anchor: processIdentity,
  /** In which process ids are counted like here: those of another container mean nothing. */
  pidNamespace: z.string(),
  isolation: z.enum(['root', 'user-namespace']),
  /** The CPU that its programs share; null where they may use all. */
  cpu: z.number().int().nonnegative().nullable(),
  /** By the name of the network namespace. */
  places: z.array(z.object({ name: z.string(), kind: z.string(), address: z.string().optional() })),
})

/** What a lab that is held open leaves for others to find it by. */
export type LabRecord = z.infer<typeof labRecord>

function recordFolder(): string {
  return path.join(stateHome(), 'lab')
}

/** Writes a record, readable by this user only; the returned function removes it. @throws EnvironmentError */
export function writeRecord(record: LabRecord): () => void {
  const folder = recordFolder()
  makeFolder(folder, 0o700)
  for (const { file, record: old } of read(folder)) if (isOver(old)) rmSync(file, { force: true })
  const file = path.join(folder, `${randomUUID()}.json`)
  const temporary = `${file}.tmp`
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, file)
  return () => rmSync(file, { force: true })
}

/** Records of labs that stand now, and that can be reached from here. */
export function livingRecords(): readonly LabRecord[] {
  return read(recordFolder())
    .map(({ record }) => record)
    .filter((record) => record.pidNamespace === ownPidNamespace() && !isOver(record))
}

export function ownPidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid')
}

/** Whether its lab is surely gone; that of another container may not be. */
function isOver({ anchor, holder, pidNamespace }: LabRecord): boolean {
  return pidNamespace === ownPidNamespace() && !(isAlive(anchor) && isAlive(holder))
}

/** Whatever is no record of this version is left alone. */
function read(folder: string): readonly { readonly file: string; readonly record: LabRecord }[] {
  return names(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const file = path.join(folder, name)
      try {
        return [{ file, record: labRecord.parse(JSON.parse(readFileSync(file, 'utf8'))) }]
      } catch {
        return []
      }
    })
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no lab was ever held open
  }
}
