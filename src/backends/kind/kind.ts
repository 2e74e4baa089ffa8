import { createHash } from 'node:crypto'
import path from 'node:path'
import { HopmeterError, UsageError } from '../../errors.ts'
import type { Scenario } from '../../scenario/types.ts'
import type { Backend, VariantChoice } from '../backend.ts'
import { cachedPrograms, verifiedGatewayApi } from '../istio/install/cached-tools.ts'
import { istioctlDoubt, istioctlFit } from '../istio/install/istioctl-version.ts'
import { istioLabels } from '../istio/labels.ts'
import { ownMesh } from '../istio/own-mesh.ts'
import { versionDisagreements, warningsOfVersions } from '../istio/version-warnings.ts'
import { bringUp, stepsOf, type Assembly } from '../kubernetes/bring-up.ts'
import type { Session } from '../kubernetes/session/session.ts'
import type { Phase } from '../kubernetes/steps/step.ts'
import { createToolbox } from '../kubernetes/tools/create-toolbox.ts'
import { stateFolder } from '../kubernetes/tools/folders.ts'
import type { DataPlane, KubernetesOptions } from '../kubernetes/tools/options.ts'
import type { ToolName } from '../kubernetes/tools/toolbox.ts'
import { agentText } from '../kubernetes/workloads/agent-text.ts'
import { workloadStep } from '../kubernetes/workloads/workload-steps.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { agentImage, defaultIstio, fullIstioVersion, loadBalancerImage, pinsFor } from '../versions.ts'
import { cgroupSteps } from './cluster/cgroup-version.ts'
import { createClusterStep, markClusterStep, namesStep } from './cluster/create-cluster.ts'
import { daemonStep } from './cluster/daemon.ts'
import { KindCluster } from './cluster/kind-cluster.ts'
import { nodeImageThatRuns } from './cluster/node-image.ts'
import { kindClusterName } from './cluster/names.ts'
import { checkProvider } from './cluster/provider.ts'
import { hostFacts } from './host-facts.ts'
import { ImageStore } from './images/image-store.ts'
import { loadBalancerOf } from './load-balancer/load-balancers.ts'
import { nodeCgroupCpu } from './node-cgroups/node-cgroups.ts'
import { FrozenClusters } from './quiet/quiet-clusters.ts'
import { isQuiet, quietWords } from './quiet/quiet-rule.ts'
import { wholeClusters } from './release.ts'
import { readNodeRoutes } from './routes/route-facts.ts'
import { routeStep } from './routes/route-step.ts'
import { checkSupported } from './supported.ts'

/**
 * The backend that makes its clusters itself, with kind on this machine's Docker. See docs/kubernetes.md.
 */
export function createKind(options: KubernetesOptions = {}): Backend {
  return {
    name: 'kind',
    clients: options.clients ?? 1,
    canRestart: true,
    ...(options.dataPlanes === undefined
      ? {}
      : {
          switchesVariants: true,
          variants: options.dataPlanes.map(variantOf),
          switchWords: `ztunnels and gateways are switched in place on the same clusters; istiod and istio-cni stay ${options.istioTag ?? options.istio ?? defaultIstio}`,
        }),
    warnings: (plan) => [
      ...versionDisagreements({ asked: options.istio, tag: options.istioTag }),
      ...(needsMesh(plan) ? warningsOfVersions(versionsOf(options), plan) : []),
    ],
    steps: (plan) => stepsOf(assemble(plan, options, undefined)),
    up: (plan, context) => {
      checkSupported(plan)
      checkProvider()
      const nodeImage = chosenNodeImage(options)
      const quiet = options.quietControlPlane ?? 'auto'
      const count = plan.scenario.topology.clusters.length
      return bringUp(plan, context, options, {
        backend: 'kind',
        sessionName: plan.scenario.name,
        digest: testbedDigest(plan.scenario, nodeImage),
        facts: { controlPlanes: quietWords(quiet, count) },
        ...(isQuiet(quiet, count) ? { quiet: (...of) => new FrozenClusters(...of) } : {}),
        tools: (isMesh) => ['docker', 'kind', 'kubectl', ...(isMesh ? (['istioctl'] as const) : [])],
        checkVersions: (versions) => checkIstioctl(versions, options),
        assemble: (session) => assemble(plan, options, session),
        cpu: nodeCgroupCpu,
        release: wholeClusters,
      })
    },
  }
}

/** Everything `up` would do, as steps. Nothing is touched by making them. */
function assemble(plan: Plan, options: KubernetesOptions, session: Session | undefined): Assembly {
  const routeKind = checkSupported(plan)
  checkProvider()
  const { scenario } = plan
  const folder = session?.folder ?? path.join(stateFolder(options.stateRoot), scenario.name)
  const sessionId = session?.id ?? 'SESSION-ID'
  const tools = createToolbox(options, { programs: cachedPrograms(options) })
  const nodeImage = chosenNodeImage(options)
  const clusters = scenario.topology.clusters.map(
    (spec) =>
      new KindCluster(
        tools,
        kindClusterName(scenario.name, spec.name),
        path.join(folder, `${spec.name}.kubeconfig`),
        spec,
        (...of) => readNodeRoutes(routeKind, ...of),
      ),
  )
  const balancing = {
    ...{ tools, session, nodeImage, image: options.loadBalancerImage ?? loadBalancerImage },
    podCidrs: scenario.topology.clusters.map(({ podCidr }) => podCidr),
  }
  if (options.dataPlanes && !needsMesh(plan)) {
    throw new UsageError('several versions of Istio make no difference where no path is in a mesh', {
      hint: 'leave --mesh none out, or name one version',
    })
  }
  const mesh = needsMesh(plan)
    ? ownMesh({
        ...{ plan, clusters, options: withCachedCrds(options), sessionId },
        loadBalancer: (cluster, gateway) =>
          loadBalancerOf(balancing, ofKind(clusters, cluster.name), gateway),
        host: (context) => hostFacts(tools, context),
      })
    : undefined
  const clusterParts = {
    ...{ tools, session, nodeImage },
    markerFolder: path.join(folder, `marker-${sessionId}`),
  }
  const agent = options.agentImage ?? agentImage
  const store = new ImageStore(tools)
  const workloads = {
    ...{ plan, sessionId, agentImage: agent, agentText: agentText(), clients: options.clients ?? 1 },
    meshLabels: istioLabels,
  }
  const workloadPhase = clusters.map((cluster) => workloadStep(workloads, cluster))
  const phases: readonly Phase[] = [
    [daemonStep(tools, session)],
    [namesStep(tools, session, clusters), ...cgroupSteps(tools, nodeImage)],
    clusters.map((cluster) => createClusterStep(clusterParts, cluster)),
    clusters.map((cluster) => markClusterStep(clusterParts, cluster)),
    clusters.map((cluster) => store.step(cluster, [agent, ...(mesh?.images ?? [])])),
    clusters.map((cluster) => routeStep(routeKind, plan, cluster, clusters)),
    ...(mesh?.phases ?? []),
    workloadPhase,
  ]
  return {
    ...{ tools, clusters, mesh },
    phases: phases.filter((phase) => phase.length > 0),
    workloads: workloadPhase,
    facts: async (context) => ({ nodeImage: await nodeImageThatRuns(tools, clusters, nodeImage, context) }),
  }
}

function versionsOf({ istio = defaultIstio, dataPlanes }: KubernetesOptions): readonly string[] {
  return dataPlanes?.map((own) => own.istio) ?? [istio]
}

/** A version as results keep what was asked of it. */
function variantOf({ name, istio, hub, tag }: DataPlane): VariantChoice {
  const settings = { istio, 'istio-hub': hub, 'istio-tag': tag }
  const asked = Object.entries(settings).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value]],
  )
  return { name, settings: Object.fromEntries(asked) as Record<string, string> }
}

function needsMesh({ workloads }: Plan): boolean {
  return workloads.some(({ mesh }) => mesh === 'ambient')
}

function ofKind(clusters: readonly KindCluster[], wanted: string): KindCluster {
  const found = clusters.find(({ name }) => name === wanted)
  if (!found) throw new RangeError(`no cluster "${wanted}"`)
  return found
}

/** Charts are part of istioctl: another version installs another Istio. Own images come with their own istioctl. */
function checkIstioctl(
  { istioctl }: Readonly<Partial<Record<ToolName, string>>>,
  { istio = defaultIstio, istioTag, istioHub }: KubernetesOptions,
): readonly string[] {
  const wanted = fullIstioVersion(istio)
  if (istioctl === undefined) return []
  if (istioTag !== undefined || istioHub !== undefined)
    return versionDisagreements({ tag: istioTag ?? wanted, istioctl })
  if (istioctlFit(istioctl, wanted) !== 'other') return [istioctlDoubt(istioctl, wanted) ?? []].flat()
  throw new HopmeterError(`check tools: istioctl is ${istioctl}, but Istio ${wanted} is to be installed`, {
    hint: `hopmeter tools install --istio ${wanted}, or --istio ${istioctl}`,
  })
}

/** CRDs that `tools install` fetched spare a download. */
function withCachedCrds(options: KubernetesOptions): KubernetesOptions {
  if (options.gatewayApi !== undefined) return options
  const gatewayApi = verifiedGatewayApi(pinsFor(options.istio ?? defaultIstio).gatewayApi, options.cacheRoot)
  return gatewayApi === undefined ? options : { ...options, gatewayApi }
}

function chosenNodeImage(options: KubernetesOptions): string {
  return options.nodeImage ?? pinsFor(options.istio ?? defaultIstio).nodeImage.image
}

/** Digest of what cannot change while a testbed stands. */
function testbedDigest({ topology, routeMode }: Scenario, nodeImage: string): string {
  return createHash('sha256')
    .update(JSON.stringify([topology, routeMode, nodeImage]))
    .digest('hex')
    .slice(0, 16)
}
