import { UsageError } from '../../errors.ts'
import { isComponent, loadBalancerNames } from '../../topology/load-balancers.ts'
import type { Plan } from '../../plan/plan-scenario.ts'

/** @throws UsageError when the named contexts are not those of the plan's clusters, one each. */
export function checkContexts(plan: Plan, contexts: Readonly<Record<string, string>>): void {
  const { clusters } = plan.scenario.topology
  // kubectl would take the current context of the file, which can be any cluster.
  const empty = Object.keys(contexts).filter((name) => contexts[name]?.trim() === '')
  if (empty.length > 0) {
    throw new UsageError(`the context of ${empty.join(', ')} is empty`, {
      hint: `${empty.map((name) => `--context ${name}=CONTEXT`).join(' ')}; is a variable not set?`,
    })
  }
  const missing = clusters.filter(({ name }) => contexts[name] === undefined).map(({ name }) => name)
  if (missing.length > 0) {
    throw new UsageError(`no context is named for ${missing.join(', ')}`, {
      hint: missing.map((name) => `--context ${name}=CONTEXT`).join(' '),
    })
  }
  const unknown = Object.keys(contexts).filter((name) => !clusters.some((cluster) => cluster.name === name))
  if (unknown.length > 0) {
    throw new UsageError(`the scenario has no cluster ${unknown.join(', ')}`, {
      hint: `it has ${clusters.map(({ name }) => name).join(', ')}`,
    })
  }
  const used = Object.values(contexts)
  const twice = used.find((context, i) => used.indexOf(context) !== i)
  if (twice !== undefined) throw new UsageError(`context ${twice} is named for two clusters`)
}

/** @throws UsageError for what cannot be looked at or made in clusters of the user. */
export function checkSupported(plan: Plan): void {
  const { clusters } = plan.scenario.topology
  const proxied = clusters.find(({ gateway }) => isComponent(gateway?.loadBalancer))
  if (proxied && plan.workloads.some(({ mesh }) => mesh === 'ambient')) {
    throw new UsageError(
      `hopmeter cannot look into the load balancer of cluster "${proxied.name}", so it cannot prove 6 components`,
      {
        hint: `use --backend kind, or a scenario whose gateways have loadBalancer: ${loadBalancerNames.filter((kind) => !isComponent(kind)).join(' or ')}`,
      },
    )
  }
  if (plan.scenario.delays.length > 0) {
    throw new UsageError('delays between networks are not supported on this backend', {
      hint: 'take a scenario without delays: your clusters have the delays that they have',
    })
  }
}
