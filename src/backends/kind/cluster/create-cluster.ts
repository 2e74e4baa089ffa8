import { chmodSync, existsSync } from 'node:fs'
import { CommandError, HopmeterError, UsageError } from '../../../errors.ts'
import { makeFolder } from '../../../make-folder.ts'
import type { Command } from '../../backend.ts'
import { sessionLabel } from '../../kubernetes/session/ownership.ts'
import type { Session } from '../../kubernetes/session/session.ts'
import { checkStep, type KubeStep, type StepContext } from '../../kubernetes/steps/step.ts'
import { waitUntilReady } from '../../kubernetes/steps/wait.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import type { KindCluster } from './kind-cluster.ts'
import {
  foreignCluster,
  markerConfigMap,
  markerMount,
  markerNamespace,
  markerState,
  nodeContainers,
} from './ownership.ts'

const createTimeoutMs = 600_000
const createAttempts = 3
const readyDeadlineMs = 300_000
/** Times of the API are whole seconds. */
const clockStepMs = 1000

interface ClusterStepParts {
  readonly tools: Toolbox
  /** Absent while planning: nothing is claimed then. */
  readonly session: Session | undefined
  /** Folder that marks the nodes as this session's. */
  readonly markerFolder: string
  readonly nodeImage: string
}

/** Before anything is made: no name is taken by a cluster of somebody else's. Only reads. */
export function namesStep(
  tools: Toolbox,
  session: Session | undefined,
  clusters: readonly KindCluster[],
): KubeStep {
  const list = tools.kind(['get', 'clusters'])
  return checkStep('check that cluster names are free', [list], async (context) => {
    for (const { kindName } of clusters) {
      const containers = await nodeContainers(tools, kindName, claimed(session).id, context)
      if (containers.some(({ marked }) => !marked)) throw foreignCluster(kindName)
    }
  })
}

/** Makes a cluster, or starts its nodes again after a restart of Docker. */
export function createClusterStep(parts: ClusterStepParts, cluster: KindCluster): KubeStep {
  const { tools, session } = parts
  const create = createCommand(parts, cluster)
  return {
    name: `create cluster ${cluster.name}`,
    commands: [create],
    isDone: async (context) => {
      const containers = await nodeContainers(tools, cluster.kindName, claimed(session).id, context)
      if (containers.length === 0) return false
      if (containers.some(({ marked }) => !marked)) throw foreignCluster(cluster.kindName)
      if ((claimed(session).cluster(cluster.name)?.status ?? 'creating') === 'creating') return false
      if (containers.length < cluster.nodes.names.length || !containers.every((c) => c.running)) return false
      if (!existsSync(cluster.kubeconfig)) return false
      return await answersReady(cluster, context)
    },
    run: async (context) => {
      const own = claimed(session)
      const containers = await nodeContainers(tools, cluster.kindName, own.id, context)
      const isWhole =
        (own.cluster(cluster.name)?.status ?? 'creating') !== 'creating' &&
        containers.length === cluster.nodes.names.length &&
        existsSync(cluster.kubeconfig)
      const startedMs = Date.now()
      if (isWhole) {
        for (const { name } of containers.filter((c) => !c.running)) {
          context.progress(`start node ${name} again`)
          await tools.call(tools.docker(['start', name]), context)
        }
      } else {
        if (containers.length > 0)
          await tools.call(deleteCommand(tools, cluster), { ...context, timeoutMs: 120_000 })
        own.claimCluster(cluster.claim('creating'))
        makeFolder(parts.markerFolder, 0o700)
        await createAgainstRaces(tools, create, context)
        if (existsSync(cluster.kubeconfig)) chmodSync(cluster.kubeconfig, 0o600)
        own.claimCluster(cluster.claim('made'))
      }
      // A node that was stopped is still Ready in the API until its kubelet speaks again.
      await waitForNodes(cluster, isWhole ? startedMs : 0, context)
    },
  }
}

/** The second claim on a cluster: a marker that everybody with access to it can read. */
export function markClusterStep(parts: ClusterStepParts, cluster: KindCluster): KubeStep {
  const { tools, session } = parts
  const id = session?.id ?? 'SESSION-ID'
  const marker = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: markerConfigMap, namespace: markerNamespace, labels: { [sessionLabel]: id } },
    data: { session: id },
  }
  const apply = cluster.applyCommand(marker)
  return {
    name: `mark cluster ${cluster.name} as made by hopmeter`,
    commands: [apply],
    isDone: async (context) =>
      claimed(session).cluster(cluster.name)?.status === 'marked' &&
      (await markerState(tools, cluster, id, context)) === 'ours',
    run: async (context) => {
      await tools.call(apply, context)
      if ((await markerState(tools, cluster, id, context)) !== 'ours') {
        throw new HopmeterError('the marker cannot be read back')
      }
      claimed(session).claimCluster(cluster.claim('marked'))
    },
  }
}

export function deleteCommand(
  tools: Toolbox,
  cluster: Pick<KindCluster, 'kindName' | 'kubeconfig'>,
): Command {
  return tools.kind(['delete', 'cluster', '--name', cluster.kindName, '--kubeconfig', cluster.kubeconfig])
}

function createCommand(parts: ClusterStepParts, cluster: KindCluster): Command {
  const { tools, nodeImage, markerFolder } = parts
  const node = (role: string) => ({
    role,
    image: nodeImage,
    extraMounts: [{ hostPath: markerFolder, containerPath: markerMount, readOnly: true }],
  })
  const config = {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: {
      apiServerAddress: '127.0.0.1',
      podSubnet: cluster.spec.podCidr,
      serviceSubnet: cluster.spec.serviceCidr,
    },
    nodes: cluster.nodes.names.map((_, i) => node(i === 0 ? 'control-plane' : 'worker')),
  }
  const of = ['--name', cluster.kindName, '--kubeconfig', cluster.kubeconfig]
  return tools.kind(['create', 'cluster', ...of, '--config', '-'], config)
}

/** An API that starts refuses connections and permissions for a while: then there is something to wait for. */
async function answersReady(cluster: KindCluster, context: StepContext): Promise<boolean> {
  try {
    return (await cluster.readFacts(context)).notReady.length === 0
  } catch {
    context.signal.throwIfAborted()
    return false
  }
}

/**
 * kind looks for a free port of the host and Docker takes it a little later: two clusters made side by side can be
 * given the same one. kind has removed its nodes by then, so it can be done again.
 */
async function createAgainstRaces(tools: Toolbox, create: Command, context: StepContext): Promise<void> {
  for (let left = createAttempts - 1; ; left--) {
    try {
      await tools.call(create, { ...context, timeoutMs: createTimeoutMs })
      return
    } catch (error) {
      context.signal.throwIfAborted()
      const isRace =
        error instanceof CommandError && /address already in use|port is already allocated/.test(error.output)
      if (!isRace || left === 0) throw error
      context.progress('another program took the port of the API server; trying again')
    }
  }
}

async function waitForNodes(cluster: KindCluster, sinceMs: number, context: StepContext): Promise<void> {
  await waitUntilReady(
    {
      name: `nodes of ${cluster.name} are Ready`,
      deadlineMs: cluster.deadlineMs(readyDeadlineMs),
      check: async (inner) => {
        const { notReady, nodes, heardMs } = await cluster.readFacts(inner)
        if (nodes.length < cluster.nodes.names.length)
          return `${nodes.length} of ${cluster.nodes.names.length} joined`
        if (notReady.length > 0) return `waiting for ${notReady.join(', ')}`
        return heardMs >= sinceMs - clockStepMs ? null : 'a kubelet has not spoken since its start'
      },
      explain: () => 'mostly too little memory or inotify watches: hopmeter doctor --backend kind',
    },
    context,
  )
}

function claimed(session: Session | undefined): Session {
  if (!session) throw new UsageError('a plan cannot be run: it has no session')
  return session
}
