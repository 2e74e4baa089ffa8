import path from 'node:path'
import type { Scenario } from '../../scenario/types.ts'
import type { DoctorReport } from '../backend.ts'
import { cachedPrograms } from '../istio/install/cached-tools.ts'
import { clusterFacts } from '../kubernetes/cluster/cluster-facts.ts'
import type { NodeObject } from '../kubernetes/cluster/objects.ts'
import { checkTool, failedCheck, type Check } from '../kubernetes/tools/check-tool.ts'
import { createToolbox } from '../kubernetes/tools/create-toolbox.ts'
import type { KubernetesOptions } from '../kubernetes/tools/options.ts'
import type { Toolbox } from '../kubernetes/tools/toolbox.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { plural } from '../../plural.ts'
import { cacheHome } from '../../xdg.ts'
import { checkContexts, checkSupported } from './fit.ts'
import { checkKubeconfigFile, kubeconfigFile } from './kubeconfig-file.ts'

export interface ContextsDoctorOptions extends KubernetesOptions {
  /** Kubeconfig context of each cluster, by its name in a scenario; looked at where there are any. */
  readonly contexts?: Readonly<Record<string, string>> | undefined
  readonly kubeconfig?: string | undefined
}

const answerWithinMs = 15_000

/**
 * Finds out what there is for clusters of the user, by reading only: kubectl, one kubeconfig, and the named contexts.
 * Never throws.
 */
export async function contextsDoctor(
  scenarios: readonly Scenario[] = [],
  options: ContextsDoctorOptions = {},
): Promise<DoctorReport> {
  const { contexts = {} } = options
  let tools: Toolbox
  try {
    // Its cache must not stand beside the user's file, which is only read.
    const kubeCache = path.join(cacheHome(options.cacheRoot), 'kube-cache')
    tools = createToolbox(options, { programs: cachedPrograms(options), kubeCache })
  } catch (error) {
    return { ok: false, checks: [failedCheck('istioctl', error)], scenarios: [] }
  }
  const [kubectl, istioctl] = await Promise.all([checkTool(tools, 'kubectl'), checkTool(tools, 'istioctl')])
  const { check: file, path: kubeconfig } = kubeconfigCheck(options.kubeconfig)
  const reached =
    kubeconfig === undefined || !kubectl.check.ok
      ? Object.keys(contexts).map((name) => notTried(name))
      : await Promise.all(Object.entries(contexts).map((entry) => contextCheck(tools, kubeconfig, entry)))
  const always = [kubectl.check, file, ...reached]
  const missing = always.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`)
  return {
    ok: missing.length === 0,
    checks: [...always, forMesh(istioctl.check)],
    scenarios: scenarios.map((scenario) => {
      const reasons = [...missing, ...misfits(scenario, contexts), ...meshReasons(scenario, istioctl.check)]
      const isAble = reasons.length === 0
      return { name: scenario.name, ok: isAble, ...(isAble ? {} : { reason: reasons.join('; ') }) }
    }),
  }
}

function kubeconfigCheck(named: string | undefined): { readonly check: Check; readonly path?: string } {
  const name = 'kubeconfig'
  try {
    const file = kubeconfigFile(named)
    checkKubeconfigFile(file)
    return { check: { name, ok: true, detail: file }, path: file }
  } catch (error) {
    return { check: failedCheck(name, error) }
  }
}

/** Its nodes are asked for as `up` asks first of all. */
async function contextCheck(
  tools: Toolbox,
  kubeconfig: string,
  [cluster, context]: readonly [string, string],
): Promise<Check> {
  const name = `context ${cluster}`
  try {
    const command = tools.kubectl({ name: cluster, kubeconfig, context }, [
      'get',
      'nodes',
      '--output',
      'json',
    ])
    const { items = [] } = await tools.json<{ readonly items?: readonly NodeObject[] }>(command, {
      timeoutMs: answerWithinMs,
    })
    const { nodes, kubernetes, notReady } = clusterFacts(items, [])
    const detail = `${context}: ${plural(nodes.length, 'node')}, Kubernetes ${kubernetes}`
    if (nodes.length > notReady.length) return { name, ok: true, detail }
    return {
      name,
      ok: false,
      detail: `${detail}, none of them ready`,
      remedy: 'a cluster whose nodes are ready',
    }
  } catch (error) {
    const remedy = `kubectl --kubeconfig ${kubeconfig} --context ${context} get nodes has to work`
    return { ...failedCheck(name, error), remedy }
  }
}

function notTried(cluster: string): Check {
  return { name: `context ${cluster}`, ok: false, detail: 'not tried: without kubectl or its kubeconfig' }
}

/** Istio is the user's own there; istioctl only reads it. */
function forMesh(istioctl: Check): Check {
  return istioctl.ok ? istioctl : { ...istioctl, detail: `${istioctl.detail} (for scenarios with a mesh)` }
}

function meshReasons(scenario: Scenario, istioctl: Check): readonly string[] {
  const needsMesh = scenario.paths.some(({ mesh }) => mesh === 'ambient')
  return needsMesh && !istioctl.ok ? [`istioctl: ${istioctl.detail}`] : []
}

/** Why this backend, or the contexts that are named, do not fit the scenario. */
function misfits(scenario: Scenario, contexts: Readonly<Record<string, string>>): readonly string[] {
  try {
    const plan = planScenario(scenario)
    checkSupported(plan)
    if (Object.keys(contexts).length > 0) checkContexts(plan, contexts)
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}
