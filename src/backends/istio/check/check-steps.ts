import { HopmeterError } from '../../../errors.ts'
import { checkStep, type KubeStep, type StepContext } from '../../kubernetes/steps/step.ts'
import type { IstioContext } from '../context.ts'
import { pathFacts, withRemotes } from './collect-facts.ts'
import type { ClusterMeshFacts, MeshFacts } from './mesh-facts.ts'
import { findErrors, remediesOf } from './pitfalls/find-pitfalls.ts'
import type { Finding } from './pitfalls/pitfall.ts'
import { plannedFacts, standingCommands, standingFacts } from './standing-facts.ts'

/** Before Istio is installed: nothing known keeps it from running on all of the clusters. Only reads. */
export function checkBeforeInstallStep(istio: IstioContext): KubeStep {
  const { clusters } = istio
  const commands = clusters.map((cluster) => cluster.factsCommand)
  return checkStep('check that Istio can run on all clusters', commands, async (context) => {
    const [planned, host] = await Promise.all([
      Promise.all(
        clusters.map(async (cluster) => plannedFacts(cluster, (await cluster.facts(context)).kubernetes)),
      ),
      istio.host?.(context),
    ])
    refuse(findErrors({ ...factsOf(istio, planned), ...host }))
  })
}

/**
 * Before anything is made in clusters whose mesh is the user's: it has none of the known pitfalls, but those that may
 * pass. Only reads.
 * @param learn is told of each cluster before what needs Istio's own names is asked
 */
export function checkStandingStep(
  istio: IstioContext,
  learn: (facts: readonly ClusterMeshFacts[]) => void,
): KubeStep {
  const { clusters } = istio
  const commands = clusters.flatMap((cluster) => standingCommands(cluster))
  return checkStep('check the meshes of all clusters', commands, async (context: StepContext) => {
    const standing = await Promise.all(clusters.map((cluster) => standingFacts(cluster, context)))
    learn(standing)
    refuse(lasting(findErrors(factsOf(istio, standing))))
    const known = await Promise.all(
      clusters.map((cluster, i) => withRemotes(istio, cluster, standing[i]!, context)),
    )
    refuse(lasting(findErrors(factsOf(istio, known))))
  })
}

function factsOf({ istio, plan }: IstioContext, clusters: readonly ClusterMeshFacts[]): MeshFacts {
  const possible = plan.paths.filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)
  return { istio, clusters, paths: possible.map((path) => pathFacts(path, clusters)) }
}

/** Those that waiting does not end where nobody has just made something. */
function lasting(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ pitfall }) => pitfall.mayPass !== 'anywhere')
}

/** @throws HopmeterError that tells all of them. */
function refuse(findings: readonly Finding[]): void {
  if (findings.length === 0) return
  throw new HopmeterError(findings.map(({ message }) => message).join('; '), { hint: remediesOf(findings) })
}
