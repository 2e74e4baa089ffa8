import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Backend } from '../backend.ts'
import { existingMesh } from '../istio/existing-mesh.ts'
import { cachedPrograms } from '../istio/install/cached-tools.ts'
import { istioLabels } from '../istio/labels.ts'
import { bringUp, stepsOf, type Assembly } from '../kubernetes/bring-up.ts'
import { Cluster } from '../kubernetes/cluster/cluster.ts'
import { cadvisorCpu } from '../kubernetes/cpu/cadvisor.ts'
import type { Session } from '../kubernetes/session/session.ts'
import type { KubeStep, StepContext } from '../kubernetes/steps/step.ts'
import { createToolbox } from '../kubernetes/tools/create-toolbox.ts'
import { stateFolder } from '../kubernetes/tools/folders.ts'
import type { KubernetesOptions } from '../kubernetes/tools/options.ts'
import { agentText } from '../kubernetes/workloads/agent-text.ts'
import { workloadStep } from '../kubernetes/workloads/workload-steps.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { agentImage } from '../versions.ts'
import { checkContexts, checkSupported } from './fit.ts'
import { namespacesOnly } from './release.ts'

export interface ContextsOptions extends KubernetesOptions {
  /** Kubeconfig context of each cluster of the scenario, by its name there. */
  readonly contexts: Readonly<Record<string, string>>
  /** The user's file that has them. It is read by kubectl and istioctl only, and never changed. */
  readonly kubeconfig: string
}

/**
 * The backend for clusters that the user has. hopmeter makes namespaces of its own in them, and deletes only those;
 * clusters, routes, mesh and gateways are the user's and only looked at.
 * @throws UsageError when the contexts do not fit the scenario.
 */
export function createContexts(options: ContextsOptions): Backend {
  return {
    name: 'contexts',
    clients: options.clients ?? 1,
    canRestart: true,
    steps: (plan) => stepsOf(assemble(plan, options, undefined)),
    up: (plan, context) => {
      checkFit(plan, options)
      return bringUp(plan, context, options, {
        backend: 'contexts',
        sessionName: contextsSessionName(plan),
        digest: createHash('sha256')
          .update(JSON.stringify([options.contexts, options.kubeconfig]))
          .digest('hex')
          .slice(0, 16),
        facts: {},
        tools: (needsMesh) => ['kubectl', ...(needsMesh ? (['istioctl'] as const) : [])],
        assemble: (session) => assemble(plan, options, session),
        cpu: cadvisorCpu,
        release: namespacesOnly,
      })
    },
  }
}

/** A scenario can stand on kind and on clusters of the user at once. */
function contextsSessionName(plan: Plan): string {
  return `${plan.scenario.name}-contexts`
}

/** @throws UsageError */
function checkFit(plan: Plan, { contexts }: ContextsOptions): void {
  checkContexts(plan, contexts)
  checkSupported(plan)
}

function assemble(plan: Plan, options: ContextsOptions, session: Session | undefined): Assembly {
  checkFit(plan, options)
  const folder = session?.folder ?? path.join(stateFolder(options.stateRoot), contextsSessionName(plan))
  const sessionId = session?.id ?? 'SESSION-ID'
  const tools = createToolbox(options, {
    programs: cachedPrograms(options),
    kubeCache: path.join(folder, 'kube-cache'),
  })
  const clusters = plan.scenario.topology.clusters.map((spec) => {
    const address = {
      name: spec.name,
      kubeconfig: options.kubeconfig,
      context: options.contexts[spec.name] ?? '',
    }
    // Addresses are the cluster's own, not the scenario's.
    return new Cluster(tools, address, { ...spec, podCidr: '', serviceCidr: '' })
  })
  const needsMesh = plan.workloads.some(({ mesh }) => mesh === 'ambient')
  const mesh = needsMesh ? existingMesh({ plan, clusters, options, sessionId }) : undefined
  const workloads = {
    ...{ plan, sessionId, agentText: agentText(), clients: options.clients ?? 1 },
    agentImage: options.agentImage ?? agentImage,
    meshLabels: istioLabels,
  }
  const workloadPhase = clusters.map((cluster) => workloadStep(workloads, cluster))
  const phases = [
    clusters.map((cluster) => claimStep(session, cluster)),
    ...(mesh?.phases ?? []),
    workloadPhase,
  ]
  return { tools, clusters, mesh, phases, workloads: workloadPhase }
}

/** Before anything is made in a cluster, hopmeter's state says that something may be. */
function claimStep(session: Session | undefined, cluster: Cluster): KubeStep {
  const check = async (context: StepContext) => void (await cluster.facts(context))
  return {
    name: `check cluster ${cluster.name}`,
    commands: [cluster.factsCommand],
    isDone: async (context) => {
      if (session?.cluster(cluster.name)?.status !== 'marked') return false
      await check(context)
      return true
    },
    run: async (context) => {
      await check(context)
      const { name, kubeconfig, context: kubeContext } = cluster
      session?.claimCluster({ name, kindName: null, kubeconfig, context: kubeContext, status: 'marked' })
    },
  }
}
