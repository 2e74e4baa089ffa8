import { loadBalancerName, type KindCluster } from '../../kubernetes/cluster/layout.ts'
import type { StateFile } from '../../kubernetes/mesh.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { isProxied, systemNamespace, type IstioParts } from '../context.ts'
import { dumpCommand, ztunnelPods } from './read-mesh.ts'

/** What explains a mesh that failed: what istiod and each ztunnel believe, gateways, the proxy's log. Never throws. */
export async function meshStateFiles(
  parts: IstioParts,
  cluster: KindCluster,
  context: StepContext,
): Promise<readonly StateFile[]> {
  const { tools, gateways } = parts
  const always = [
    { file: 'remote-clusters.txt', command: tools.istioctl(cluster, ['remote-clusters']) },
    {
      file: 'istio-system.yaml',
      command: tools.kubectl(cluster, [
        ...['get', 'namespace,gateway,service,deployment,daemonset', '--output', 'yaml'],
        ...['--namespace', systemNamespace],
      ]),
    },
  ]
  const proxy =
    gateways.includes(cluster) && isProxied(cluster)
      ? [{ file: 'load-balancer.log', command: tools.docker(['logs', loadBalancerName(cluster)]) }]
      : []
  const pods = await ztunnelPods(parts, cluster, context).catch(() => [])
  const dumps = pods.map(({ pod, node }) => ({
    file: `ztunnel-n${node}.json`,
    command: dumpCommand(tools, cluster, pod.metadata.name),
  }))
  return [...always, ...proxy, ...dumps]
}
