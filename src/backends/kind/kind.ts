import { existsSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../../errors.ts'
import type { Backend, Step } from '../backend.ts'
import { istioPart } from '../istio/own-mesh.ts'
import { bringUp, type Assembly } from '../kubernetes/bring-up.ts'
import { FactsBook } from '../kubernetes/cluster/cluster-facts.ts'
import { kindNodeNames, type KindCluster } from '../kubernetes/cluster/layout.ts'
import { kindClusterName, testbedDigest, type Session } from '../kubernetes/session/session.ts'
import type { Phase } from '../kubernetes/steps/step.ts'
import { createToolbox } from '../kubernetes/tools/create-toolbox.ts'
import { stateFolder } from '../kubernetes/tools/folders.ts'
import type { KubernetesOptions } from '../kubernetes/tools/options.ts'
import { cachedGatewayApi } from '../kubernetes/tools/tools.ts'
import { agentText } from '../kubernetes/workloads/agent-text.ts'
import { workloadStep } from '../kubernetes/workloads/workload-steps.ts'
import type { Plan } from '../plan.ts'
import { agentImage, defaultIstio, pinsFor } from '../versions.ts'
import { cgroupStep } from './cluster/cgroup-version.ts'
import { createClusterStep, markClusterStep, namesStep } from './cluster/cluster-steps.ts'
import { ImageStore } from './images/image-store.ts'
import { routeStep } from './routes/route-step.ts'

/**
 * The backend that makes its clusters itself, with kind on this machine's Docker. See docs/kubernetes.md.
 */
export function createKind(options: KubernetesOptions = {}): Backend {
  return {
    name: 'kind',
    clients: options.clients ?? 1,
    steps: (plan) => {
      const { phases } = assemble(plan, options, undefined)
      return phases.flat().map(({ name, commands }): Step => ({ name, commands }))
    },
    up: (plan, context) => {
      checkSupported(plan)
      const nodeImage = chosenNodeImage(options)
      return bringUp(plan, context, options, {
        backend: 'kind',
        sessionName: plan.scenario.name,
        digest: testbedDigest(plan.scenario, nodeImage),
        facts: { nodeImage },
        tools: (needsMesh) => ['docker', 'kind', 'kubectl', ...(needsMesh ? (['istioctl'] as const) : [])],
        assemble: (session) => assemble(plan, options, session),
      })
    },
  }
}

/** @throws UsageError for what kind clusters cannot do. */
export function checkSupported(plan: Plan): void {
  const { routeMode, delays, topology } = plan.scenario
  if (routeMode === 'bgp' && topology.routes.length > 0) {
    throw new UsageError('routes by BGP are not supported on this backend', {
      hint: 'use --backend lab, or a scenario with static or vxlan routes',
    })
  }
  if (delays.length > 0) {
    throw new UsageError('delays between networks are not supported on this backend', {
      hint: 'use --backend lab, or a scenario without delays',
    })
  }
}

/** Everything `up` would do, as steps. Nothing is touched by making them. */
function assemble(plan: Plan, options: KubernetesOptions, session: Session | undefined): Assembly {
  checkSupported(plan)
  const { scenario } = plan
  const root = stateFolder(options.stateRoot)
  const folder = session?.folder ?? path.join(root, scenario.name)
  const tools = createToolbox(options)
  const facts = new FactsBook(tools)
  const nodeImage = chosenNodeImage(options)
  const clusters = scenario.topology.clusters.map((spec): KindCluster => {
    const kindName = kindClusterName(scenario.name, spec.name)
    return {
      name: spec.name,
      kindName,
      kubeconfig: path.join(folder, `${spec.name}.kubeconfig`),
      context: `kind-${kindName}`,
      nodeNames: kindNodeNames(kindName, spec.nodes),
      spec,
    }
  })
  const needsMesh = plan.workloads.some(({ mesh }) => mesh === 'ambient')
  const mesh = needsMesh
    ? istioPart({ tools, facts, plan, clusters, options: withCachedCrds(options), session })
    : undefined
  const markerFolder = path.join(folder, `marker-${session?.id ?? 'SESSION-ID'}`)
  const clusterParts = { tools, facts, session, markerFolder, nodeImage }
  const images = [options.agentImage ?? agentImage]
  const store = new ImageStore(tools)
  const network = { tools, facts, plan, clusters }
  const workloads = {
    tools,
    facts,
    plan,
    sessionId: session?.id ?? 'SESSION-ID',
    agentImage: options.agentImage ?? agentImage,
    agentText: agentText(),
    clients: options.clients ?? 1,
  }
  const phases: readonly Phase[] = [
    [namesStep(tools, session, clusters), cgroupStep(tools, nodeImage)],
    clusters.map((cluster) => createClusterStep(clusterParts, cluster)),
    clusters.map((cluster) => markClusterStep(clusterParts, cluster)),
    clusters.map((cluster) => store.step(cluster, [...images, ...(mesh?.images ?? [])])),
    clusters.length > 1 ? clusters.map((cluster) => routeStep(network, cluster)) : [],
    ...(mesh?.phases ?? []),
    clusters.map((cluster) => workloadStep(workloads, cluster)),
  ]
  return { tools, facts, clusters, mesh, phases: phases.filter((phase) => phase.length > 0) }
}

/** CRDs that `tools install` fetched spare a download. */
function withCachedCrds(options: KubernetesOptions): KubernetesOptions {
  const cached = cachedGatewayApi(pinsFor(options.istio ?? defaultIstio).gatewayApi, options.cacheRoot)
  return options.gatewayApi === undefined && existsSync(cached) ? { ...options, gatewayApi: cached } : options
}

function chosenNodeImage(options: KubernetesOptions): string {
  return options.nodeImage ?? pinsFor(options.istio ?? defaultIstio).nodeImage.image
}
