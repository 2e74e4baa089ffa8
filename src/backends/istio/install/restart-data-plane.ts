import { runPhases } from '../../kubernetes/steps/run-steps.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { IstioContext } from '../context.ts'
import { gatewayName } from '../../../plan/names.ts'
import { gatewayPhases } from './gateway-steps.ts'
import { restart } from './restart.ts'

/**
 * Starts everything of a mesh that forwards bytes anew, all at the same time, and waits for it: ztunnels, gateways and
 * what stands in front of them. Control planes stay. A gateway or proxy that comes back elsewhere is published again.
 */
export async function restartDataPlane(istio: IstioContext, context: StepContext): Promise<void> {
  const { clusters, gateways, loadBalancers } = istio
  await Promise.all([
    ...clusters.map((cluster) => restart(cluster, 'daemonset/ztunnel', context)),
    ...gateways.map((cluster) => restart(cluster, `deployment/${gatewayName}`, context)),
    ...[...loadBalancers.values()].map((loadBalancer) => loadBalancer.restart?.(context)),
  ])
  await runPhases(gatewayPhases(istio), context)
}
