import { hasCondition, ofKind, type KubeObject, type PodObject } from '../cluster/objects.ts'
import { indexedPods } from './own-objects.ts'
import { specAnnotation, type Manifest } from './workload-manifests.ts'

interface Differences {
  /** To be applied. */
  readonly missing: readonly Manifest[]
  /** To be deleted first. */
  readonly stale: readonly KubeObject[]
  /** Why which pods are not ready, each as a sentence. */
  readonly notReady: readonly string[]
}

/** What a cluster lacks of what is wanted, and what it has that nobody wants. */
export function compareObjects(wanted: readonly Manifest[], found: readonly KubeObject[]): Differences {
  const byKey = new Map(found.map((object) => [keyOf(object), object]))
  const isSame = (want: Manifest, have: KubeObject | undefined) =>
    have !== undefined &&
    have.metadata.deletionTimestamp === undefined &&
    have.metadata.annotations?.[specAnnotation] === want.metadata.annotations[specAnnotation]
  const wantedKeys = new Map(wanted.map((want) => [keyOf(want), want]))
  const stale = found.filter((have) => {
    const want = wantedKeys.get(keyOf(have))
    // Kubernetes copies labels to objects of its own; those carry no digest of ours.
    if (have.metadata.annotations?.[specAnnotation] === undefined) return false
    return want === undefined || (runsPods(have.kind) && !isSame(want, have))
  })
  const pods = new Map(ofKind(found, 'Pod').map((pod) => [keyOf(pod), pod]))
  return {
    missing: wanted.filter((want) => !isSame(want, byKey.get(keyOf(want)))),
    stale,
    notReady: wanted.flatMap((want) => {
      if (want.kind === 'Pod') return podProblem(want.metadata.name, pods.get(keyOf(want)))
      return want.kind === 'Job' ? jobProblems(want, found) : []
    }),
  }
}

/** Neither can be changed in place. */
export function runsPods(kind: string): boolean {
  return kind === 'Pod' || kind === 'Job'
}

function jobProblems(job: Manifest, found: readonly KubeObject[]): readonly string[] {
  const { completions } = job['spec'] as { readonly completions: number }
  const pods = indexedPods(found, job.metadata.name)
  return Array.from({ length: completions }, (_, index) =>
    podProblem(`${job.metadata.name} ${index + 1} of ${completions}`, pods.get(index)),
  ).flat()
}

function keyOf({ kind, metadata }: { kind: string; metadata: { name: string; namespace?: string } }): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
}

function podProblem(name: string, pod: PodObject | undefined): readonly string[] {
  if (!pod) return [`${name} does not exist`]
  const { status } = pod
  if (hasCondition(status, 'Ready') && status?.podIP) return []
  const waiting = status?.containerStatuses?.find(({ ready }) => !ready)?.state?.waiting
  if (waiting?.reason) return [`${name}: ${waiting.reason} ${waiting.message ?? ''}`.trim()]
  const unscheduled = status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status !== 'True')
  if (unscheduled) return [`${name}: Unschedulable ${unscheduled.message ?? ''}`.trim()]
  return [`${name}: ${status?.phase ?? 'no state yet'}`]
}
