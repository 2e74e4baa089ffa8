import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { StateFile } from '../../kubernetes/mesh.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { IstioContext } from '../context.ts'
import { systemNamespace } from '../../../plan/names.ts'
import { dumpCommand, ztunnelPods } from './read-mesh.ts'

/** What explains a mesh that failed: what istiod and each ztunnel believe, gateways, the proxy's log. Never throws. */
export async function meshStateFiles(
  { loadBalancers }: IstioContext,
  cluster: Cluster,
  context: StepContext,
): Promise<readonly StateFile[]> {
  const always = [
    { file: 'remote-clusters.txt', command: cluster.istioctl(['remote-clusters']) },
    {
      file: 'istio-system.yaml',
      command: cluster.kubectl([
        ...['get', 'namespace,gateway,service,deployment,daemonset', '--output', 'yaml'],
        ...['--namespace', systemNamespace],
      ]),
    },
  ]
  const pods = await ztunnelPods(cluster, context).catch(() => [])
  const dumps = pods.map(({ pod, node }) => ({
    file: `ztunnel-n${node}.json`,
    command: dumpCommand(cluster, pod.metadata.name),
  }))
  return [...always, ...(loadBalancers.get(cluster.name)?.stateFiles ?? []), ...dumps]
}
