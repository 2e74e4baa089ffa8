import { planScenario } from '../../../plan/plan-scenario.ts'
import type { Scenario } from '../../../scenario/types.ts'

/** inotify instances, counted in running nodes; all of them count for one user, as they share the kernel. */
const inotifyInstances = { controlPlane: 28, istio: 3, worker: 17, istioWorker: 3, machine: 8 } as const

/** MiB; the first two measured (a fresh control plane, and what Istio adds to it), the rest estimated. */
const memoryMiB = {
  controlPlane: 470,
  istio: 420,
  worker: 200,
  istioWorker: 90,
  pod: 50,
  machine: 1024,
} as const

/** Whether Istio is installed for it. */
export function needsMesh({ paths }: Scenario): boolean {
  return paths.some(({ mesh }) => mesh === 'ambient')
}

/** About how much memory the clusters of a scenario take, MiB. */
export function estimateMemoryMiB(scenario: Scenario): number {
  const { clusters } = scenario.topology
  const hasMesh = needsMesh(scenario)
  const workers = clusters.reduce((sum, { nodes }) => sum + nodes - 1, 0)
  const perCluster = memoryMiB.controlPlane + (hasMesh ? memoryMiB.istio : 0)
  const perWorker = memoryMiB.worker + (hasMesh ? memoryMiB.istioWorker : 0)
  const pods = planScenario(scenario).workloads.length * memoryMiB.pod
  return memoryMiB.machine + clusters.length * perCluster + workers * perWorker + pods
}

/** About how many inotify instances the nodes of a scenario take; with too few of them a node does not start. */
export function estimateInotifyInstances(scenario: Scenario): number {
  const { clusters } = scenario.topology
  const hasMesh = needsMesh(scenario)
  const { controlPlane, istio, worker, istioWorker, machine } = inotifyInstances
  const workers = clusters.reduce((sum, { nodes }) => sum + nodes - 1, 0)
  const perCluster = controlPlane + (hasMesh ? istio : 0)
  const perWorker = worker + (hasMesh ? istioWorker : 0)
  return machine + clusters.length * perCluster + workers * perWorker
}
