import { CommandError, HopmeterError } from '../../../errors.ts'
import { pasteable } from '../../../shell-words.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { isNotFound, type ClusterAddress, type Toolbox } from '../../kubernetes/tools/toolbox.ts'

/** Inside of every node: a folder of hopmeter's state, so a half-made node already says whose it is. */
export const markerMount = '/hopmeter/session'
export const markerConfigMap = 'hopmeter-session'
export const markerNamespace = 'kube-system'

export interface NodeContainer {
  readonly name: string
  readonly running: boolean
  /** Names this session in its mounts. */
  readonly marked: boolean
}

/** Containers of a kind cluster of that name, whoever made them. */
export async function nodeContainers(
  tools: Toolbox,
  kindName: string,
  sessionId: string,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly NodeContainer[]> {
  const format = '{{.Names}}\t{{.State}}\t{{.Mounts}}'
  const filter = `label=io.x-k8s.kind.cluster=${kindName}`
  const command = tools.docker(['ps', '--all', '--no-trunc', '--filter', filter, '--format', format])
  const text = await tools.call(command, context)
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name, state, mounts] = line.split('\t')
      if (name === undefined || state === undefined || mounts === undefined) {
        throw new CommandError(`docker listed a container in a way that hopmeter does not know: ${line}`, {
          command: pasteable(command.file, command.args),
          output: text,
        })
      }
      return { name, running: state === 'running', marked: mounts.includes(sessionId) }
    })
}

/**
 * Whether the marker inside of the cluster says that it is this session's. `unknown`: its API does not answer.
 */
export async function markerState(
  tools: Toolbox,
  cluster: ClusterAddress,
  sessionId: string,
  context: Pick<StepContext, 'signal'>,
): Promise<'ours' | 'missing' | 'foreign' | 'unknown'> {
  const command = tools.kubectl(cluster, [
    ...['--namespace', markerNamespace, '--request-timeout', '10s'],
    ...['get', 'configmap', markerConfigMap, '--output', 'jsonpath={.data.session}'],
  ])
  try {
    const found = (await tools.call(command, { ...context, timeoutMs: 20_000 })).trim()
    return found === sessionId ? 'ours' : found === '' ? 'missing' : 'foreign'
  } catch (error) {
    context.signal.throwIfAborted()
    if (isNotFound(error)) return 'missing'
    return 'unknown'
  }
}

/** A cluster of that name exists and is somebody else's. */
export function foreignCluster(kindName: string): HopmeterError {
  return new HopmeterError(`there already is a kind cluster "${kindName}" that hopmeter did not make`, {
    hint: `hopmeter leaves it alone; if it can go: kind delete cluster --name ${kindName}`,
  })
}
