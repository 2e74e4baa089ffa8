import type { Command } from '../../backend.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { ContainerQuestions, LogRange } from '../../kubernetes/cluster/node-shell.ts'
import { placeOf, type PodObject } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { systemNamespace } from '../../../plan/names.ts'
import { dumpCommand } from './read-mesh.ts'

const adminPort = 15_000
const statsPort = 15_020

/** How one ztunnel is asked for what it saw. */
export interface ZtunnelQuestions {
  readonly dump: Command
  readonly metrics: Command
  log(range: LogRange): Command
}

/** Through its node where hopmeter made it, else through the API server. @throws CommandError */
export async function ztunnelQuestions(
  cluster: Cluster,
  pod: PodObject,
  context: Pick<StepContext, 'signal'>,
): Promise<ZtunnelQuestions> {
  const { name } = pod.metadata
  const onNode = await openOnNode(cluster, pod, context)
  if (onNode) {
    return {
      dump: onNode.get(adminPort, '/config_dump'),
      metrics: onNode.get(statsPort, '/metrics'),
      log: (range) => onNode.log(range),
    }
  }
  const url = `/api/v1/namespaces/${systemNamespace}/pods/${name}:${statsPort}/proxy/metrics`
  return {
    dump: dumpCommand(cluster, name),
    metrics: cluster.kubectl(['get', '--raw', url]),
    log: (range) =>
      cluster.kubectl(['--namespace', systemNamespace, 'logs', name, '--timestamps', ...rangeFlags(range)]),
  }
}

/** How the Envoy of a gateway is asked for the connections that it has to servers. @throws CommandError */
export async function gatewayQuestion(
  cluster: Cluster,
  pod: PodObject,
  context: Pick<StepContext, 'signal'>,
): Promise<Command> {
  const onNode = await openOnNode(cluster, pod, context)
  if (onNode) return onNode.get(adminPort, '/clusters?format=json')
  const get = ['pilot-agent', 'request', 'GET', 'clusters?format=json']
  return cluster.kubectl(['exec', '--namespace', systemNamespace, pod.metadata.name, '--', ...get])
}

async function openOnNode(
  { nodes }: Cluster,
  pod: PodObject,
  context: Pick<StepContext, 'signal'>,
): Promise<ContainerQuestions | undefined> {
  const place = placeOf(pod)
  return nodes && place ? await nodes.openContainer(place, context) : undefined
}

/** As kubectl says it. */
function rangeFlags(range: LogRange): readonly string[] {
  if ('lines' in range) return ['--tail', String(range.lines)]
  return range.since === undefined ? [] : ['--since-time', range.since]
}
