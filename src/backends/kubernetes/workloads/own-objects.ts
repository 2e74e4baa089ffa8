import type { Cluster } from '../cluster/cluster.ts'
import { ofKind, type KubeObject, type PodObject } from '../cluster/objects.ts'
import { sessionLabel } from '../session/ownership.ts'
import type { StepContext } from '../steps/step.ts'
import { indexAnnotation, workloadLabel } from './workload-manifests.ts'

const kinds = 'namespaces,configmaps,serviceaccounts,services,jobs,pods'

/** Objects of this session in a cluster. @throws CommandError */
export function ownObjects(
  cluster: Cluster,
  sessionId: string,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly KubeObject[]> {
  return cluster.list(kinds, { everywhere: true, selector: `${sessionLabel}=${sessionId}` }, context)
}

/** Pods of a workload that an indexed Job runs, by their number; those that are going are none of them. */
export function indexedPods(
  objects: readonly KubeObject[],
  workload: string,
): ReadonlyMap<number, PodObject> {
  const pods = ofKind(objects, 'Pod').filter(
    ({ metadata, status }) =>
      metadata.labels?.[workloadLabel] === workload &&
      metadata.annotations?.[indexAnnotation] !== undefined &&
      metadata.deletionTimestamp === undefined &&
      status?.phase !== 'Failed',
  )
  return new Map(pods.map((pod) => [Number(pod.metadata.annotations?.[indexAnnotation]), pod]))
}
