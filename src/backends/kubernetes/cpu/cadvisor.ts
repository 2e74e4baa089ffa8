import type { ComponentCpu } from '../../backend.ts'
import type { StepContext } from '../steps/step.ts'
import type { CpuMethod } from './pod-cpu.ts'
import { sumByComponent } from './sum.ts'
import { watchedPods, type CpuParts } from './watched-pods.ts'

export interface CadvisorUsage {
  readonly cpuMs: number
  readonly throttledMs?: number | undefined
  /** When cAdvisor took the sample, by the node's clock; it does so every ten seconds or so, per container. */
  readonly atMs: number
}

/** cAdvisor's counters, which the kubelets of any cluster have. */
export const cadvisorCpu: CpuMethod = {
  source: { name: 'cadvisor', perTurn: false, coversTestbed: false },
  open: cadvisorReader,
}

/** Reads `/metrics/cadvisor` of the kubelets, through the API server. Needs `get` on `nodes/proxy`. */
async function cadvisorReader(
  parts: CpuParts,
  context: StepContext,
): Promise<() => Promise<readonly ComponentCpu[]>> {
  const pods = await watchedPods(parts, context)
  const nodes = new Map(pods.map((pod) => [`${pod.cluster.name}/${pod.node}`, pod]))
  return async () => {
    const signal = { signal: context.signal }
    const read = await Promise.all(
      [...nodes.values()].map(async ({ cluster, node }) => {
        const url = `/api/v1/nodes/${node}/proxy/metrics/cadvisor`
        const usages = parseCadvisor(await cluster.raw(url, signal))
        return pods
          .filter((pod) => pod.node === node && pod.cluster.name === cluster.name)
          .flatMap(({ component, namespace, name }) => {
            const usage = usages.get(`${namespace}/${name}`)
            return usage ? [{ component, ...usage }] : []
          })
      }),
    )
    return sumByComponent(read.flat())
  }
}

const line =
  /^(container_cpu_usage_seconds_total|container_cpu_cfs_throttled_seconds_total)\{([^}]*)\} (\S+)(?: (\d+))?$/

/**
 * CPU time and throttling of each pod (`namespace/name`). The series without a container is the pod's own cgroup; where
 * a runtime has none, its containers are added up. Series without a time stamp are left out: their age is unknown.
 */
export function parseCadvisor(text: string): ReadonlyMap<string, CadvisorUsage> {
  interface Series {
    readonly container: string
    readonly depth: number
    readonly ms: number
    readonly atMs: number
  }
  const usage = new Map<string, Series[]>()
  const throttled = new Map<string, number>()
  for (const text1 of text.split('\n')) {
    const [, metric = '', labelText = '', value = '', stamp] = line.exec(text1) ?? []
    if (metric === '' || stamp === undefined) continue
    const labels = new Map([...labelText.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, of]) => [key, of]))
    const pod = labels.get('pod') ?? ''
    if (pod === '') continue
    const key = `${labels.get('namespace')}/${pod}`
    const ms = Number(value) * 1000
    if (metric === 'container_cpu_cfs_throttled_seconds_total') {
      throttled.set(key, Math.max(throttled.get(key) ?? 0, ms))
      continue
    }
    const depth = (labels.get('id') ?? '').split('/').length
    const series = { container: labels.get('container') ?? '', depth, ms, atMs: Number(stamp) }
    usage.set(key, [...(usage.get(key) ?? []), series])
  }
  return new Map(
    [...usage].flatMap(([key, series]): [string, CadvisorUsage][] => {
      const shallow = Math.min(...series.map(({ depth }) => depth))
      const own = series.filter(({ container, depth }) => container === '' && depth === shallow)
      const hasOwn = own.length > 0 && series.some(({ depth }) => depth > shallow)
      const counted = hasOwn ? own.slice(0, 1) : series.filter(({ container }) => container !== '')
      if (counted.length === 0) return []
      const cpuMs = counted.reduce((sum, { ms }) => sum + ms, 0)
      const atMs = Math.min(...counted.map((s) => s.atMs))
      return [[key, { cpuMs, throttledMs: throttled.get(key), atMs }]]
    }),
  )
}
