import { UsageError } from '../../../errors.ts'
import type { Place } from '../../backend.ts'
import type { StandingTestbed } from '../../standing.ts'
import { Session } from '../../kubernetes/session/session.ts'
import { createToolbox } from '../../kubernetes/tools/create-toolbox.ts'
import { stateFolder } from '../../kubernetes/tools/folders.ts'
import type { KubernetesOptions } from '../../kubernetes/tools/options.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { nodeContainers } from '../cluster/ownership.ts'
import { enterPod } from './enter-pod.ts'
import { podsOnNode, sandboxOf, type NodePod } from './pods-on-node.ts'

/** Testbeds that kind made and that nobody took down. */
export function standingKind(options: KubernetesOptions = {}): readonly StandingTestbed[] {
  const root = stateFolder(options.stateRoot)
  return Session.names(root)
    .flatMap((name) => Session.find(root, name) ?? [])
    .filter(({ state }) => state.clusters.some(({ kindName }) => kindName !== null))
    .map((session) => {
      const tools = createToolbox(options, { kubeCache: session.file('kube-cache') })
      return {
        backend: 'kind' as const,
        scenario: session.state.scenario,
        holder: undefined,
        places: async (signal) => {
          const pods = await podsOf(tools, session, signal)
          return Promise.all(pods.map((pod) => shownPlace(tools, pod, signal)))
        },
        enter: async (place, visitor, signal) => {
          const pod = (await podsOf(tools, session, signal)).find(({ name }) => name === place.name)
          if (!pod) throw new UsageError(`pod ${place.name} is gone`)
          return enterPod(tools, pod, visitor, signal)
        },
      }
    })
}

async function podsOf(tools: Toolbox, session: Session, signal: AbortSignal): Promise<readonly NodePod[]> {
  const pods: NodePod[] = []
  for (const { kindName, kubeconfig } of session.state.clusters) {
    if (kindName === null) continue
    const nodes = await nodeContainers(tools, kindName, session.id, { signal })
    for (const { name } of nodes.filter(({ marked }) => marked)) {
      pods.push(...(await podsOnNode(tools, { node: name, kubeconfig }, signal)))
    }
  }
  return pods
}

async function shownPlace(tools: Toolbox, pod: NodePod, signal: AbortSignal): Promise<Place> {
  const { address } = await sandboxOf(tools, pod, signal)
  return { name: pod.name, kind: `pod of ${pod.namespace} on ${pod.node}`, address }
}
