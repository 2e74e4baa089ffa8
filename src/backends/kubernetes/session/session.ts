import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { HopmeterError, UsageError } from '../../../errors.ts'
import { makeFolder } from '../../../make-folder.ts'
import {
  isAlive,
  ownIdentity,
  processIdentity,
  type ProcessIdentity,
} from '../../../process/process-identity.ts'

const claimedCluster = z.object({
  /** In the scenario. */
  name: z.string(),
  /** As kind knows it; null for a cluster that the user already had. */
  kindName: z.string().nullable(),
  // Without them kubectl would take whichever cluster is the current one.
  kubeconfig: z.string().regex(/\S/),
  context: z.string().regex(/\S/),
  /** `made`: kind is done with it; `marked`: our marker is in its API. */
  status: z.enum(['creating', 'made', 'marked']),
})

const sessionState = z.object({
  version: z.literal(1),
  /** Repeated inside of everything that the session made. */
  id: z.uuid(),
  name: z.string(),
  backend: z.enum(['kind', 'contexts']),
  scenario: z.string(),
  /** What a testbed cannot change while it stands. */
  digest: z.string(),
  createdAt: z.string(),
  /** Left running on purpose, so no orphan. */
  kept: z.boolean(),
  clusters: z.array(claimedCluster),
  /** Which Docker it was made in, as that calls itself; sessions of before have none. */
  daemon: z.string().optional(),
  /** Its control planes are stopped, or were when whoever stopped them ended. */
  frozen: z.boolean().optional(),
  /** Docker containers beside the clusters: load balancers. */
  containers: z.array(z.string()),
})

export type SessionState = z.infer<typeof sessionState>
export type ClaimedCluster = z.infer<typeof claimedCluster>

const stateFile = 'state.json'
const leaseFile = 'lease.json'

/**
 * hopmeter's claim on a testbed: a folder with the state file, kubeconfigs and keys, all readable by the user only.
 * A claim is written before the thing itself is made, so that nothing can be made that no claim names.
 */
export class Session {
  readonly folder: string
  #state: SessionState

  private constructor(folder: string, state: SessionState) {
    this.folder = folder
    this.#state = state
  }

  /** The session of that name, or undefined. @throws HopmeterError when its state file cannot be read. */
  static find(root: string, name: string): Session | undefined {
    // Whatever is found may be removed.
    if (path.basename(name) !== name || name === '.' || name === '..')
      throw new UsageError(`"${name}" is no name of a testbed`, {
        hint: 'hopmeter down --all, or the name of a scenario',
      })
    const folder = path.join(root, name)
    const file = path.join(folder, stateFile)
    if (!existsSync(file)) return undefined
    try {
      return new Session(folder, sessionState.parse(JSON.parse(readFileSync(file, 'utf8'))))
    } catch (cause) {
      throw new HopmeterError(`cannot read the state of testbed "${name}": ${file}`, {
        cause,
        hint: `look at its clusters with "kind get clusters"; when none is left, remove ${folder}`,
      })
    }
  }

  static create(
    root: string,
    state: Pick<SessionState, 'name' | 'backend' | 'scenario' | 'digest'>,
  ): Session {
    const folder = path.join(root, state.name)
    makeFolder(folder, 0o700)
    const session = new Session(folder, {
      version: 1,
      id: randomUUID(),
      createdAt: new Date().toISOString(),
      kept: false,
      clusters: [],
      containers: [],
      ...state,
    })
    session.#save()
    return session
  }

  static names(root: string): readonly string[] {
    if (!existsSync(root)) return []
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(path.join(root, entry.name, stateFile)))
      .map((entry) => entry.name)
      .toSorted()
  }

  get state(): SessionState {
    return this.#state
  }

  get id(): string {
    return this.#state.id
  }

  /** A file of this session. */
  file(name: string): string {
    return path.join(this.folder, name)
  }

  update(change: (state: SessionState) => SessionState): void {
    this.#state = change(this.#state)
    this.#save()
  }

  cluster(name: string): ClaimedCluster | undefined {
    return this.#state.clusters.find((cluster) => cluster.name === name)
  }

  claimCluster(cluster: ClaimedCluster): void {
    this.update((state) => ({
      ...state,
      clusters: [...state.clusters.filter(({ name }) => name !== cluster.name), cluster],
    }))
  }

  dropCluster(name: string): void {
    this.update((state) => ({ ...state, clusters: state.clusters.filter((c) => c.name !== name) }))
  }

  claimContainer(name: string): void {
    if (this.#state.containers.includes(name)) return
    this.update((state) => ({ ...state, containers: [...state.containers, name] }))
  }

  dropContainer(name: string): void {
    this.update((state) => ({ ...state, containers: state.containers.filter((c) => c !== name) }))
  }

  /** The process that works on this session now, if one does. */
  holder(): number | undefined {
    const lease = readLease(this.file(leaseFile))
    return lease && isAlive(lease) ? lease.pid : undefined
  }

  /**
   * Takes the session for this process until `release`.
   * @throws HopmeterError when a living process has it.
   */
  lease(): () => void {
    const file = this.file(leaseFile)
    const text = JSON.stringify(ownIdentity())
    for (;;) {
      try {
        writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
        return () => rmSync(file, { force: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = readLease(file)
      if (holder?.pid === process.pid) return () => {} // taken further out; that one ends it
      if (holder && isAlive(holder)) {
        throw new HopmeterError(`testbed "${this.#state.name}" is in use by process ${holder.pid}`, {
          hint: 'wait for it, or stop it',
        })
      }
      rmSync(file, { force: true })
    }
  }

  /** Ends the claim: nothing of the testbed is left. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #save(): void {
    const file = this.file(stateFile)
    const temporary = `${file}.${process.pid}.tmp`
    writeFileSync(temporary, `${JSON.stringify(this.#state, null, 2)}\n`, { mode: 0o600, flush: true })
    renameSync(temporary, file)
  }
}

function readLease(file: string): ProcessIdentity | undefined {
  try {
    return processIdentity.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}
