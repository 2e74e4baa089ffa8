import { readdirSync } from 'node:fs'
import type { Place } from '../../backend.ts'
import type { Plan } from '../../../plan/plan-scenario.ts'
import { underlayHosts, type LabLayout } from '../layout.ts'

/** Network namespaces of a lab, pods of workloads first; their names are those that the lab itself has for them. */
export function placesOf(anchorPid: number, plan: Plan, layout: LabLayout): readonly Place[] {
  const hosts = underlayHosts(layout)
  const kindOf = (name: string): string => {
    const workload = plan.workloads.find((one) => one.name === name)
    if (workload) return `${workload.role} pod`
    if (layout.pods.has(name)) return 'gateway'
    if (layout.nodes.some(({ netns }) => netns === name)) return 'node'
    return hosts.some(({ netns }) => netns === name) ? 'load balancer' : 'other'
  }
  const addressOf = (name: string) =>
    layout.pods.get(name)?.ip ?? hosts.find(({ netns }) => netns === name)?.ip
  const order = ['client pod', 'server pod', 'gateway', 'load balancer', 'node', 'other']
  return readdirSync(netnsFolder(anchorPid))
    .toSorted()
    .map((name) => ({ name, kind: kindOf(name), address: addressOf(name) }))
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

/** Seen from outside: /run is the lab's own. */
function netnsFolder(anchorPid: number): string {
  return `/proc/${anchorPid}/root/run/netns`
}
