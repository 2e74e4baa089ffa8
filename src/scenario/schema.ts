import { z } from 'zod'
import { loadSchema } from '../load/profiles.ts'
import { loadBalancerKinds, loadBalancerNames } from '../topology/load-balancers.ts'
import { routeModeNames, routeModes } from './route-modes.ts'
import { cidrProblem } from '../topology/cidr.ts'
import { durationPattern, formatDuration, parseDuration } from './duration.ts'
import { missing, shown } from './suggest.ts'

/**
 * The scenario YAML as people write it. Its JSON Schema comes from here, so every field says what it means.
 * What needs more than one field to judge (overlaps, unknown names, the path rule) is in the checks.
 */

/** A name that becomes part of Kubernetes objects and network namespaces, which leave little room. */
const dnsName = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, {
      error: ({ input }) => `expected lower-case letters, digits and inner dashes, got ${shown(input)}`,
    })

const clusterName = dnsName(20)

/** A Kubernetes label value: what `topology.istio.io/network` may hold. */
const networkName = z
  .string()
  .max(63)
  .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, {
    error: ({ input }) => `expected a Kubernetes label value, got ${shown(input)}`,
  })

const cidr = z
  .string()
  .superRefine((text, ctx) => {
    const problem = cidrProblem(text)
    if (problem === undefined) return
    const message = problem.startsWith('expected')
      ? `${problem}, got ${shown(text)}`
      : `${shown(text)} ${problem}`
    ctx.addIssue({ code: 'custom', message })
  })
  .meta({ pattern: String.raw`^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$` })

/** A Go duration within bounds; the result is in milliseconds. */
function duration(bounds: { readonly minMs: number; readonly maxMs: number }) {
  const example = 'a duration like 5s or 300ms'
  return z
    .string({
      error: ({ input }) => {
        if (input === undefined) return `${missing}: expected ${example}`
        const hint = typeof input === 'number' ? ` without a unit; write ${input}s or ${input}ms` : ''
        return `expected ${example}, got ${shown(input)}${hint}`
      },
    })
    .meta({ pattern: durationPattern })
    .transform((text, ctx) => {
      const ms = parseDuration(text)
      if (ms === undefined) {
        ctx.addIssue({ code: 'custom', message: `expected ${example}, got ${shown(text)}` })
        return z.NEVER
      }
      if (ms < bounds.minMs || ms > bounds.maxMs) {
        const range = `${formatDuration(bounds.minMs)} to ${formatDuration(bounds.maxMs)}`
        ctx.addIssue({ code: 'custom', message: `expected a duration of ${range}, got ${shown(text)}` })
        return z.NEVER
      }
      return ms
    })
}

/** Titles and descriptions are printed in terminals, so they hold text and nothing that steers one. */
const prose = (maxLength: number, control: RegExp) =>
  z
    .string()
    .max(maxLength)
    .refine((text) => !control.test(text), { message: 'expected text without control characters' })

const metadataSchema = z.strictObject({
  name: dnsName(40).describe('Name of the scenario: lower-case letters, digits and dashes.'),
  title: prose(120, /\p{C}/u).min(1).describe('One line that says what the scenario shows.'),
  description: prose(4000, /[^\P{C}\n]/u)
    .describe('What is compared, and what to expect of it.')
    .default(''),
})

/** e.g. `one, another, or a third`. */
function inWords(parts: readonly string[]): string {
  return `${parts.slice(0, -1).join(', ')}, or ${parts.at(-1)}`
}

const gatewaySchema = z.strictObject({
  loadBalancer: z
    .enum(loadBalancerNames)
    .describe(
      `What stands before the gateway. ${loadBalancerNames.map((name) => `${name}: ${loadBalancerKinds[name].meaning}.`).join(' ')}`,
    )
    .default('none'),
})

export const clusterSchema = z.strictObject({
  name: clusterName.describe('Name of the cluster, unique in the scenario.'),
  network: networkName.describe(
    'Value of the label topology.istio.io/network. Clusters with the same value expect to reach each other pod to pod.',
  ),
  podCidr: cidr.describe('IPv4 CIDR of the pods. Every node takes a /24 of it. No two CIDRs may overlap.'),
  serviceCidr: cidr.describe('IPv4 CIDR of the services. No two CIDRs may overlap.'),
  nodes: z.int().min(1).max(16).describe('Number of nodes.').default(1),
  gateway: gatewaySchema
    .describe('East-west gateway of this cluster: the entry into its network. At most one per network.')
    .optional(),
})

export const pairSchema = z.tuple([clusterName, clusterName])

export const oneWaySchema = z.strictObject({
  from: clusterName.describe('Cluster whose pods can send.'),
  to: clusterName.describe('Cluster whose pod CIDR they can send to.'),
})

const routesSchema = z.strictObject({
  mode: z
    .enum(routeModeNames)
    .describe(`How pod CIDRs are routed between clusters: ${inWords(Object.values(routeModes))}.`)
    .default('static'),
  between: z
    .array(pairSchema)
    .max(120)
    .describe('Pairs of clusters whose pod CIDRs are routed both ways.')
    .default([]),
  oneWay: z
    .array(oneWaySchema)
    .max(240)
    .describe('Routes in one direction only. Replies have no way back: this is for showing that failure.')
    .default([]),
})

export const delaySchema = z.strictObject({
  between: z.tuple([networkName, networkName]).describe('The two networks that lie apart.'),
  rtt: duration({ minMs: 0.01, maxMs: 10_000 }).describe(
    'Added round-trip time, e.g. 5ms; half in each direction.',
  ),
})

const placementSchema = z.strictObject({
  cluster: clusterName.describe('Name of a cluster of this scenario.'),
  node: z.int().min(1).max(16).describe('Node number, from 1.').default(1),
})

const expectations = [2, 3, 4, 5, 6, 'unreachable'] as const

export const pathSchema = z.strictObject({
  name: dnsName(40).describe('Name of the path, unique in the scenario. Tables and charts show it.'),
  client: placementSchema.describe('Where the client pod runs.'),
  server: placementSchema.describe('Where the server pod runs.'),
  mesh: z
    .enum(['ambient', 'none'])
    .describe('ambient: both pods are in the mesh. none: neither is.')
    .default('ambient'),
  expect: z
    .literal(expectations)
    .describe(
      'Number of components that the path must have, both pods included, or unreachable when it must not exist. ' +
        'Checked against the path rule on loading and against evidence on every run.',
    ),
})

const roundsSchema = z.strictObject({
  count: z
    .int()
    .min(1)
    .max(100_000)
    .describe('Rounds of each restart. More of them narrow what one start says; more restarts say more.')
    .default(4),
  duration: duration({ minMs: 100, maxMs: 600_000 })
    .describe('Length of a round, shared by all paths and loads.')
    .prefault('1s'),
  warmup: duration({ minMs: 0, maxMs: 600_000 })
    .describe('Load sent and thrown away after each start, at least; longer until every path has settled.')
    .prefault('2s'),
  restarts: z
    .int()
    .min(1)
    .max(1000)
    .describe(
      'How often all programs that forward or answer bytes are started, the first time included. ' +
        'Starts are the sample of the statistics; six are the fewest for a verdict about other starts.',
    )
    .default(8),
  builds: z.int().min(1).max(100).describe('How often the testbed is stood up anew.').default(1),
})

const specSchema = z.strictObject({
  clusters: z.array(clusterSchema).min(1).max(16).describe('The Kubernetes clusters.'),
  routes: routesSchema.describe('Which pod CIDRs are routed between clusters.').prefault({}),
  delays: z.array(delaySchema).max(120).describe('Delay between networks.').default([]),
  paths: z.array(pathSchema).min(1).max(64).describe('What is measured: from which pod to which pod.'),
  load: z
    .array(loadSchema)
    .min(1)
    .max(16)
    .describe('How requests are sent. Every path gets every load.')
    .prefault([{ profile: 'pingpong' }]),
  rounds: roundsSchema.describe('How long and how often is measured.').prefault({}),
})

/** Only what the path rule needs. */
export const topologySchema = specSchema.pick({ clusters: true, routes: true })

export const scenarioSchema = z
  .strictObject({
    apiVersion: z.literal('hopmeter/v1').describe('Version of this format.'),
    kind: z.literal('Scenario').describe('What this document is.'),
    metadata: metadataSchema.describe('What the scenario is called.'),
    spec: specSchema.describe('The testbed, the paths through it and the load on them.'),
  })
  .meta({ title: 'hopmeter scenario', description: 'Clusters, networks, routes, gateways, paths and load.' })

export type ScenarioYaml = z.output<typeof scenarioSchema>
export type TopologyYaml = z.output<typeof topologySchema>
export type PathYaml = z.output<typeof pathSchema>
