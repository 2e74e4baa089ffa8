import type { z } from 'zod'
import type { Placement, Topology } from '../topology/model.ts'
import { clusterSchema, delaySchema, oneWaySchema, pairSchema, pathSchema, topologySchema } from './schema.ts'
import { loadSchema } from '../load/profiles.ts'
import type { LoadYaml } from '../load/profiles.ts'
import type { PathYaml } from './schema.ts'
import { toTopology } from './to-scenario.ts'
import type { DataPath, Finding } from './finding.ts'

/**
 * The pieces of a scenario that can be judged although others are invalid, so that one reading of a file finds
 * every problem. A field that is missing here was reported already and must not be reported again in other words.
 */
export interface SpecParts {
  readonly clusters: readonly ClusterPart[]
  /** Undefined when some cluster has no usable name: then no name can be said to be unknown. Likewise networks. */
  readonly clusterNames: readonly string[] | undefined
  readonly networkNames: readonly string[] | undefined
  readonly between: readonly Located<readonly [string, string]>[]
  readonly oneWay: readonly Located<{ readonly from: string; readonly to: string }>[]
  readonly delays: readonly Located<readonly [string, string]>[]
  readonly paths: readonly PathPart[]
  readonly loads: readonly Located<LoadYaml>[]
  /** Present when the schema has no objection to clusters and routes. */
  readonly topology: Topology | undefined
}

export interface Located<T> {
  readonly path: DataPath
  readonly value: T
}

export interface ClusterPart {
  readonly path: DataPath
  readonly name: string | undefined
  readonly network: string | undefined
  readonly podCidr: string | undefined
  readonly serviceCidr: string | undefined
  readonly nodes: number | undefined
  readonly hasGateway: boolean
}

export interface PathPart {
  readonly path: DataPath
  readonly name: string | undefined
  readonly client: Placement | undefined
  readonly server: Placement | undefined
  /** Present when every field of the path is valid. */
  readonly whole: PathYaml | undefined
}

/** Takes the usable pieces out of data that the schema may have refused; `findings` are its objections. */
export function specParts(data: unknown, findings: readonly Finding[]): SpecParts {
  const spec = field(data, 'spec')
  const routes = field(spec, 'routes')
  const faulty = (path: DataPath) => findings.some((f) => path.every((step, i) => f.path[i] === step))
  const clusters = located(field(spec, 'clusters'), ['spec', 'clusters']).map(({ path, value }) => ({
    path,
    name: valid(clusterSchema.shape.name, field(value, 'name')),
    network: valid(clusterSchema.shape.network, field(value, 'network')),
    podCidr: valid(clusterSchema.shape.podCidr, field(value, 'podCidr')),
    serviceCidr: valid(clusterSchema.shape.serviceCidr, field(value, 'serviceCidr')),
    nodes: faulty(path) ? undefined : valid(clusterSchema.shape.nodes, field(value, 'nodes')),
    hasGateway: field(value, 'gateway') !== undefined,
  }))
  return {
    clusters,
    clusterNames: whole(clusters.map((cluster) => cluster.name)),
    networkNames: whole(clusters.map((cluster) => cluster.network)),
    between: items(pairSchema, field(routes, 'between'), ['spec', 'routes', 'between']),
    oneWay: items(oneWaySchema, field(routes, 'oneWay'), ['spec', 'routes', 'oneWay']),
    delays: located(field(spec, 'delays'), ['spec', 'delays']).flatMap(({ path, value }) => {
      const between = valid(delaySchema.shape.between, field(value, 'between'))
      return between ? [{ path: [...path, 'between'], value: between }] : []
    }),
    paths: located(field(spec, 'paths'), ['spec', 'paths']).map(({ path, value }) => ({
      path,
      name: valid(pathSchema.shape.name, field(value, 'name')),
      client: valid(pathSchema.shape.client, field(value, 'client')),
      server: valid(pathSchema.shape.server, field(value, 'server')),
      whole: valid(pathSchema, value),
    })),
    loads: items(loadSchema, field(spec, 'load'), ['spec', 'load']),
    topology: faulty(['spec', 'clusters']) || faulty(['spec', 'routes']) ? undefined : topologyOf(spec),
  }
}

function topologyOf(spec: unknown): Topology | undefined {
  const parsed = valid(topologySchema, { clusters: field(spec, 'clusters'), routes: field(spec, 'routes') })
  return parsed && toTopology(parsed)
}

function whole(names: readonly (string | undefined)[]): readonly string[] | undefined {
  const known = names.filter((name) => name !== undefined)
  return known.length === names.length && known.length > 0 ? known : undefined
}

function field(data: unknown, key: string): unknown {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, key)
    ? (data as Readonly<Record<string, unknown>>)[key]
    : undefined
}

function located(list: unknown, at: DataPath): readonly Located<unknown>[] {
  return Array.isArray(list) ? list.map((value: unknown, i) => ({ path: [...at, i], value })) : []
}

function items<T>(schema: z.ZodType<T>, list: unknown, at: DataPath): readonly Located<T>[] {
  return located(list, at).flatMap(({ path, value }) => {
    const result = schema.safeParse(value)
    return result.success ? [{ path, value: result.data }] : []
  })
}

function valid<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  return schema.safeParse(value).data
}
