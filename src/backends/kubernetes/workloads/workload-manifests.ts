import { createHash } from 'node:crypto'
import { agentProtocolVersion } from '../../../agent/protocol.ts'
import type { Mesh } from '../../../topology/model.ts'
import type { Plan, Workload } from '../../../plan/plan-scenario.ts'
import { meshNamespace, namespaceOf, plainNamespace, serverPort } from '../../../plan/names.ts'
import type { NodeFacts } from '../cluster/cluster-facts.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Labels } from '../cluster/objects.ts'
import { sessionLabel } from '../session/ownership.ts'

/** Where the agent is mounted, and how it is called. */
const agentMount = '/hopmeter'
export const agentCommandLine = ['node', `${agentMount}/agent.mjs`] as const
/** Digest of an object as hopmeter made it; tells whether it has to be made again. */
export const specAnnotation = 'hopmeter.dev/spec'
export const workloadLabel = 'hopmeter.dev/workload'
/** Kubernetes' own, on pods of an indexed Job: their number, from 0. */
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

export interface ManifestParts {
  readonly plan: Plan
  readonly sessionId: string
  readonly agentImage: string
  /** Source of the bundled agent. */
  readonly agentText: string
  /** Pods of every client workload; with several they are an indexed Job instead of a pod. */
  readonly clients: number
  readonly meshLabels: MeshLabels
}

/** What a mesh goes by. */
export interface MeshLabels {
  /** Of namespaces and pods, in the mesh or out of it. */
  readonly membership: (mesh: Mesh) => Labels
  /** Of services that clients in other clusters call, too. */
  readonly shared: Labels
}

/** Namespaces of the workloads in a cluster: only those that it needs. */
export function namespacesIn(plan: Plan, cluster: Cluster): readonly string[] {
  const own = plan.workloads.filter(({ placement }) => placement.cluster === cluster.name).map(namespaceOf)
  const hasServices = servicesIn(plan, cluster).length > 0 ? [meshNamespace] : []
  return [...new Set([...own, ...hasServices])].toSorted()
}

/** Everything that hopmeter wants in a cluster, each with a digest of itself, in the order of its making. */
export function manifestsFor(
  parts: ManifestParts,
  cluster: Cluster,
  nodes: readonly NodeFacts[],
): readonly Manifest[] {
  const { plan, agentText } = parts
  const namespaces = namespacesIn(plan, cluster)
  const workloads = plan.workloads.filter(({ placement }) => placement.cluster === cluster.name)
  const agentMap = `agent-${digest(agentText)}`
  const withWorkloads = new Set(workloads.map(namespaceOf))
  return [
    ...namespaces.map((name) => namespaceManifest(parts, name)),
    ...namespaces
      .filter((namespace) => withWorkloads.has(namespace))
      .map((namespace) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: agentMap, namespace },
        data: { 'agent.mjs': agentText },
      })),
    ...workloads.map((workload) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: workload.name, namespace: namespaceOf(workload) },
      automountServiceAccountToken: false,
    })),
    ...servicesIn(plan, cluster).map((server) => serviceManifest(parts, server)),
    ...workloads.map((workload) => {
      const pod = podManifest(parts, workload, nodes, agentMap)
      return workload.role === 'client' && parts.clients > 1 ? jobManifest(parts, pod) : pod
    }),
  ].map((object) => finished(object, parts.sessionId))
}

interface Draft {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

function finished(draft: Draft, sessionId: string): Manifest {
  const { metadata, ...rest } = draft
  return {
    ...rest,
    apiVersion: draft.apiVersion,
    kind: draft.kind,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [sessionLabel]: sessionId },
      annotations: { [specAnnotation]: digest(JSON.stringify(draft)) },
    },
  }
}

function namespaceManifest({ meshLabels }: ManifestParts, name: string): Draft {
  const labels = meshLabels.membership(name === plainNamespace ? 'none' : 'ambient')
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
}

/** Servers in the mesh whose service a cluster must know: those that answer in it and those that its clients call. */
export function servicesIn(plan: Plan, cluster: Cluster): readonly Workload[] {
  const servers = plan.paths
    .filter(
      ({ mesh, client, server }) =>
        mesh === 'ambient' && [client.cluster, server.cluster].includes(cluster.name),
    )
    .map(({ serverWorkload }) => serverWorkload)
  return [...new Map(servers.map((server) => [server.name, server])).values()]
}

/** The same in every cluster and shared, so that the mesh merges the copies; the pod stands in one cluster only. */
function serviceManifest({ meshLabels }: ManifestParts, server: Workload): Draft {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: server.name, namespace: meshNamespace, labels: meshLabels.shared },
    spec: {
      selector: { [workloadLabel]: server.name },
      ports: [{ name: 'tcp', port: serverPort, targetPort: serverPort, protocol: 'TCP' }],
    },
  }
}

/**
 * As many pods as there are to be clients, all placed as the one would be. They never complete: the Job's part is to
 * number them and to replace those that are gone.
 */
function jobManifest({ clients, sessionId }: ManifestParts, { metadata, spec }: Draft): Draft {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: {
      completionMode: 'Indexed',
      completions: clients,
      parallelism: clients,
      template: {
        // Without the digest of ours, so that these pods are the Job's to look after.
        metadata: { labels: { ...metadata.labels, [sessionLabel]: sessionId } },
        spec: { ...(spec as object), restartPolicy: 'OnFailure' },
      },
    },
  }
}

function podManifest(
  { agentImage, meshLabels }: ManifestParts,
  workload: Workload,
  nodes: readonly NodeFacts[],
  agentMap: string,
): Draft {
  const { name, role, placement, mesh } = workload
  const config = {
    type: 'serve',
    version: agentProtocolVersion,
    host: '0.0.0.0',
    port: serverPort,
    cluster: placement.cluster,
    pod: name,
  }
  const node = nodes.find(({ number }) => number === placement.node)?.name ?? `node-${placement.node}`
  const container = {
    name: 'agent',
    image: agentImage,
    imagePullPolicy: 'IfNotPresent',
    ...(role === 'server'
      ? {
          command: [...agentCommandLine, 'serve'],
          env: [{ name: 'HOPMETER_SERVE', value: JSON.stringify(config) }],
        }
      : { command: ['sleep', 'infinity'] }),
    // Small enough for a laptop; no limits, because throttling would be measured as latency.
    resources: { requests: { cpu: '10m', memory: '48Mi' } },
    volumeMounts: [{ name: 'agent', mountPath: agentMount, readOnly: true }],
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: namespaceOf(workload),
      labels: { [workloadLabel]: name, ...meshLabels.membership(mesh) },
    },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      // A scenario's node 1 is kind's control plane.
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
          },
        },
      },
      containers: [container],
      volumes: [{ name: 'agent', configMap: { name: agentMap } }],
    },
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10)
}
