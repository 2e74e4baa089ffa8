import { readlinkSync } from 'node:fs'
import { EnvironmentError } from '../../../errors.ts'
import type { EnterCommand, Visitor } from '../../standing.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { inNode, sandboxOf, type NodePod } from './pods-on-node.ts'

/**
 * The command that runs a program of the host in the network of a pod: node and pod are containers of this machine's
 * kernel. Only the network is entered, so the program is the host's own, with its files.
 * @throws EnvironmentError when this machine cannot, with what can instead.
 */
export async function enterPod(
  tools: Toolbox,
  pod: NodePod,
  { file, args }: Visitor,
  signal: AbortSignal,
): Promise<EnterCommand> {
  const inspect = tools.docker(['inspect', '--format', '{{.State.Pid}}', pod.node])
  const nodePid = Number(await tools.call(inspect, { signal }))
  const { pid } = await sandboxOf(tools, pod, signal)
  if (pid === undefined || !(nodePid > 0)) {
    throw cannot(pod, 'its container runtime does not say which process it is')
  }
  if (process.getuid?.() !== 0) {
    throw cannot(
      pod,
      'only root may enter the network of a container',
      'run the same with sudo --preserve-env',
    )
  }
  const seen = `/proc/${nodePid}/root/proc/${pid}/ns/net`
  const own = await tools.call(inNode(tools, pod.node, 'readlink', `/proc/${pid}/ns/net`), { signal })
  if (linkOf(seen) !== own.trim()) {
    throw cannot(pod, 'the Docker of this testbed runs on another machine, or in a virtual one')
  }
  return { file: 'nsenter', args: [`--net=${seen}`, '--', file, ...args], programOf: (started) => started }
}

function linkOf(file: string): string | undefined {
  try {
    return readlinkSync(file)
  } catch {
    return undefined
  }
}

function cannot({ name, namespace, kubeconfig }: NodePod, why: string, hint?: string): EnvironmentError {
  const debug = `kubectl --kubeconfig ${kubeconfig} --namespace ${namespace} debug ${name} --stdin --tty --image IMAGE -- COMMAND`
  return new EnvironmentError(`cannot enter pod ${name}: ${why}`, {
    hint: hint ?? `let an image that has the program run in the pod: ${debug}`,
  })
}
