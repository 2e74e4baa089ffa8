import type { MeshFacts } from '../mesh-facts.ts'

/** One way in which a mesh is not what it looks like. Ids are those of docs/kubernetes-istio.md. */
export interface Pitfall {
  readonly id: number
  readonly name: string
  /** `error`: paths are wrong or missing. `note`: paths are right, numbers may mean something else. */
  readonly severity: 'error' | 'note'
  /** Whether it may be over by waiting: anywhere, or where hopmeter has made the mesh a moment ago. */
  readonly mayPass?: 'anywhere' | 'where ours' | undefined
  /** Whether the proof of paths shows it, too: then it need not keep a version from being measured as it is. */
  readonly isProvenLater?: true | undefined
  /** Each finding in words; none when all is well or nothing is known. Pure. */
  readonly check: (facts: MeshFacts) => readonly string[]
  readonly why: string
  readonly remedy: string
}

export interface Finding {
  readonly pitfall: Pitfall
  readonly message: string
}
