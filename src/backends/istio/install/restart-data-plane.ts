import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { imageOf, type Rollout } from '../../kubernetes/cluster/objects.ts'
import { inStep, runPhases } from '../../kubernetes/steps/run-steps.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { DataPlaneImages, IstioContext } from '../context.ts'
import { gatewayName, systemNamespace } from '../../../plan/names.ts'
import { gatewayPhases, gatewayStep } from './gateway-steps.ts'
import { restart } from './restart.ts'
import { switchZtunnel, ztunnelBackStep } from './switch-ztunnel.ts'

const deployment = `deployment/${gatewayName}`

/**
 * Starts everything of a mesh that forwards bytes anew, all at the same time, and waits for it: ztunnels, gateways and
 * what stands in front of them. Control planes stay. A gateway or proxy that comes back elsewhere is published again.
 * @param images to switch to; what was installed unless given
 */
export async function restartDataPlane(
  istio: IstioContext,
  context: StepContext,
  images?: DataPlaneImages,
): Promise<void> {
  const { clusters, gateways, loadBalancers } = istio
  await Promise.all([
    ...clusters.map((cluster) =>
      inStep(`start the ztunnel of ${cluster.name} anew`, switchZtunnel(cluster, images?.ztunnel, context)),
    ),
    ...gateways.map((cluster) => restartGateway(cluster, images?.gateway, context)),
    ...[...loadBalancers.values()].map((loadBalancer) => loadBalancer.restart?.(context)),
  ])
  await runPhases(gatewayPhases(istio, images?.gateway), context)
}

/** Another image starts it anew by itself. */
async function restartGateway(
  cluster: Cluster,
  image: string | undefined,
  context: StepContext,
): Promise<void> {
  const read = async () => await cluster.find<Rollout>(deployment, { namespace: systemNamespace }, context)
  const before = await read()
  await runPhases([[gatewayStep(cluster, image)]], context)
  const after = await read()
  const isAnother = before && after && imageOf(before) !== imageOf(after)
  if (!isAnother) await restart(cluster, deployment, context)
}

/** Puts back what was installed, where a run has switched it. */
export async function putDataPlaneBack(istio: IstioContext, context: StepContext): Promise<void> {
  const { clusters, gateways } = istio
  const steps = [...clusters.map(ztunnelBackStep), ...gateways.map((cluster) => gatewayStep(cluster))]
  await runPhases([steps], context)
}
