import { isComponent } from '../../../topology/load-balancers.ts'
import { readFileSync } from 'node:fs'
import type { ComponentCpu } from '../../backend.ts'
import { groupCpuOf, parseCpuStat } from '../../cgroup.ts'
import type { CpuMethod } from '../../kubernetes/cpu/pod-cpu.ts'
import { sumByComponent } from '../../kubernetes/cpu/sum.ts'
import { watchedPods, type CpuParts, type WatchedPod } from '../../kubernetes/cpu/watched-pods.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { KindCluster } from '../cluster/kind-cluster.ts'
import { loadBalancerName } from '../cluster/names.ts'

interface NodeFiles {
  readonly node: string
  readonly pods: readonly WatchedPod[]
  readonly files: readonly string[]
  /** The node's file system as this machine sees it; undefined where Docker runs elsewhere, or for plain users. */
  readonly root: string | undefined
}

/** Control planes and kubelets on kind are other load: they take the same CPUs, and no path visits them. */
export const nodeCgroupCpu: CpuMethod = {
  source: { name: 'cgroup', perTurn: true, coversTestbed: true },
  open: nodeCgroupReader,
}

/**
 * Reads the cgroups of pods on kind's nodes, which count to the nanosecond (version 1) or microsecond (version 2) and
 * at the time of reading. They are files of this machine for root; for others it takes a `docker exec` per node and
 * reading, which costs some 100 ms of CPU time, beside the pods and outside of turns.
 */
async function nodeCgroupReader(
  parts: CpuParts,
  context: StepContext,
): Promise<() => Promise<readonly ComponentCpu[]>> {
  const pods = await watchedPods(parts, context)
  const nodes = await Promise.all(
    [...new Set(pods.map(({ node }) => node))].map(async (node): Promise<NodeFiles> => {
      const own = pods.filter((pod) => pod.node === node)
      const find = [
        'find',
        '/sys/fs/cgroup',
        '-path',
        '*pod*',
        '(',
        '-name',
        'cpuacct.usage',
        '-o',
        '-name',
        'cpu.stat',
        ')',
      ]
      const listed = await parts.tools.call(parts.tools.docker(['exec', node, ...find]), context)
      const files = listed.split('\n').filter((file) => own.some((pod) => belongsTo(file, pod.uid)))
      return { node, pods: own, files, root: await nodeRoot(parts.tools, node, files[0] ?? '', context) }
    }),
  )
  const proxies = await loadBalancers(parts, context)
  return async () => {
    const signal = { signal: context.signal }
    const read = await Promise.all(
      nodes
        .filter(({ files }) => files.length > 0)
        .map(async ({ node, pods: own, files, root }) => {
          const command = parts.tools.docker(['exec', node, 'grep', '--with-filename', '', ...files])
          const text = root === undefined ? await parts.tools.call(command, signal) : readLines(root, files)
          return own.flatMap((pod) => {
            const usage = podUsage(text, pod.uid)
            return usage ? [{ component: pod.component, ...usage }] : []
          })
        }),
    )
    return sumByComponent([...read.flat(), ...proxies.flatMap((proxy) => proxy())])
  }
}

/** Lines as `grep --with-filename` prints them. A group that is gone has none. */
function readLines(root: string, files: readonly string[]): string {
  const lines = files.flatMap((file) => {
    try {
      return readFileSync(root + file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((text) => `${file}:${text}`)
    } catch {
      return []
    }
  })
  return lines.join('\n')
}

async function nodeRoot(
  tools: Toolbox,
  node: string,
  file: string,
  context: StepContext,
): Promise<string | undefined> {
  const pid = await containerPid(tools, node, context)
  if (pid === undefined) return undefined
  const root = `/proc/${pid}/root`
  return readLines(root, [file]) === '' ? undefined : root
}

/** The kubelet writes the id of a pod into the name of its group, with systemd's driver with `_` for `-`. */
function belongsTo(file: string, uid: string): boolean {
  return file.includes(`pod${uid}`) || file.includes(`pod${uid.replaceAll('-', '_')}`)
}

/**
 * CPU time and throttling of one pod from lines `file:content`. The pod's own group holds all its containers; quotas
 * are those of the pod and of each container, of which the one that stopped it longest counts.
 */
export function podUsage(
  text: string,
  uid: string,
): { readonly cpuMs: number; readonly throttledMs?: number } | undefined {
  const contents = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const at = line.indexOf(':', line.search(/\/(?:cpuacct\.usage|cpu\.stat):/))
    if (at < 0 || !belongsTo(line.slice(0, at), uid)) continue
    const file = line.slice(0, at)
    contents.set(file, [...(contents.get(file) ?? []), line.slice(at + 1)])
  }
  const usages: { readonly depth: number; readonly rank: number; readonly ms: number }[] = []
  const throttled: number[] = []
  for (const [file, lines] of contents) {
    const depth = file.split('/').length
    if (file.endsWith('/cpuacct.usage')) usages.push({ depth, rank: 0, ms: Number(lines[0]) / 1e6 })
    else {
      const { usageMs, throttledMs } = parseCpuStat(lines.join('\n'))
      // Beside version 1, the unified hierarchy counts the same once more.
      if (usageMs !== undefined) usages.push({ depth, rank: 1, ms: usageMs })
      if (throttledMs !== undefined) throttled.push(throttledMs)
    }
  }
  const [own] = usages.toSorted((a, b) => a.rank - b.rank || a.depth - b.depth)
  if (!own || !Number.isFinite(own.ms)) return undefined
  return { cpuMs: own.ms, ...(throttled.length === 0 ? {} : { throttledMs: Math.max(...throttled) }) }
}

/** Proxies that run as containers of this machine's Docker; elsewhere their CPU time stays unknown. */
async function loadBalancers(
  { tools, clusters }: CpuParts,
  context: StepContext,
): Promise<readonly (() => ComponentCpu[])[]> {
  const proxied = clusters
    .filter((cluster) => cluster instanceof KindCluster)
    .filter(({ spec }) => isComponent(spec.gateway?.loadBalancer))
  const pids = await Promise.all(
    proxied.map(({ kindName }) => containerPid(tools, loadBalancerName(kindName), context)),
  )
  return proxied.flatMap((cluster, i) => {
    const pid = pids[i]
    if (pid === undefined) return []
    return [
      () => {
        const { usageMs, throttledMs } = groupCpuOf(pid)
        if (usageMs === undefined) return []
        const component = { kind: 'load-balancer', cluster: cluster.name } as const
        return [{ component, cpuMs: usageMs, throttledMs }]
      },
    ]
  })
}

async function containerPid(tools: Toolbox, name: string, context: StepContext): Promise<number | undefined> {
  const inspect = tools.docker(['inspect', '--format', '{{.State.Pid}} {{.Id}}', name])
  const [pid = '', id = ''] = (await tools.call(inspect, context).catch(() => '')).trim().split(' ')
  return isOfContainer(Number(pid), id) ? Number(pid) : undefined
}

/** Docker may run on another machine, where the number means another process. */
function isOfContainer(pid: number, id: string): boolean {
  return id !== '' && processGroups(pid).includes(id)
}

function processGroups(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    return ''
  }
}
