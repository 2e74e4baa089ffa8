import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'

/** A pod that runs on a node of kind, as the node's container runtime knows it. */
export interface NodePod {
  readonly node: string
  readonly namespace: string
  readonly name: string
  /** Of its sandbox. */
  readonly id: string
  /** Of its cluster. */
  readonly kubeconfig: string
}

interface PodList {
  readonly items?: readonly {
    readonly id: string
    readonly state: string
    readonly metadata: { readonly name: string; readonly namespace: string }
  }[]
}

interface Sandbox {
  readonly status?: { readonly network?: { readonly ip?: string } }
  readonly info?: { readonly pid?: number }
}

/** @throws CommandError when the node does not run or does not answer. */
export async function podsOnNode(
  tools: Toolbox,
  { node, kubeconfig }: Pick<NodePod, 'node' | 'kubeconfig'>,
  signal: AbortSignal,
): Promise<readonly NodePod[]> {
  const { items = [] } = await tools.json<PodList>(
    inNode(tools, node, 'crictl', 'pods', '--output', 'json'),
    {
      signal,
    },
  )
  return items
    .filter(({ state }) => state === 'SANDBOX_READY')
    .map(({ id, metadata }) => ({ node, namespace: metadata.namespace, name: metadata.name, id, kubeconfig }))
}

/** A pod's address, and the process that holds its namespaces, as its node counts them. @throws CommandError */
export async function sandboxOf(
  tools: Toolbox,
  pod: NodePod,
  signal: AbortSignal,
): Promise<{ readonly address: string | undefined; readonly pid: number | undefined }> {
  const command = inNode(tools, pod.node, 'crictl', 'inspectp', '--output', 'json', pod.id)
  const { status, info } = await tools.json<Sandbox>(command, { signal })
  return { address: status?.network?.ip, pid: info?.pid }
}

export function inNode(tools: Toolbox, node: string, ...words: readonly string[]) {
  return tools.docker(['exec', node, ...words])
}
