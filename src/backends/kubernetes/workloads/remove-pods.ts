import type { Cluster } from '../cluster/cluster.ts'
import { ofKind } from '../cluster/objects.ts'
import type { StepContext } from '../steps/step.ts'
import { ownObjects } from './own-objects.ts'

/** Removes the pods of this session, so that its workload step makes them anew; all else of it stays. */
export async function removePods(cluster: Cluster, sessionId: string, context: StepContext): Promise<void> {
  const own = await ownObjects(cluster, sessionId, context)
  const jobs = own.filter(({ kind }) => kind === 'Job')
  const ofJobs = (labels: Readonly<Record<string, string>> = {}) =>
    jobs.some(({ metadata }) => metadata.name === labels['job-name'])
  const pods = ofKind(own, 'Pod').filter(({ metadata }) => !ofJobs(metadata.labels))
  const namespaces = new Set([...jobs, ...pods].map(({ metadata }) => metadata.namespace))
  for (const namespace of namespaces) {
    const here = [...jobs, ...pods].filter(({ metadata }) => metadata.namespace === namespace)
    const names = here.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`)
    // In the foreground the pods of a Job are gone when it is.
    const remove = cluster.deleteCommand(names, namespace, ['--cascade=foreground'])
    await cluster.call(remove, { ...context, timeoutMs: 120_000 })
  }
}
