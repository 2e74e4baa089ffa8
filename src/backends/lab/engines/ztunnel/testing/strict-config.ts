import { parse } from 'yaml'
import { z } from 'zod'

/**
 * A ztunnel's workload configuration as the strictest of 1.27 to 1.31 takes it: fields that all of them have, ports as
 * numbers, also as keys. Source: ztunnel `src/xds.rs` LocalConfig and `src/state/{workload,service}.rs`, where every
 * struct has `deny_unknown_fields`; only what these versions agree on is here.
 */
const port = z.number().int().min(1).max(65_535)
const ports = z.map(port, port)
const networkAddress = z.string().regex(/^[^/]*\/\d{1,3}(\.\d{1,3}){3}$/)
const namespacedHostname = z.string().regex(/^[^/]+\/[^/]+$/)

const workload = z.strictObject({
  uid: z.string().min(1),
  name: z.string(),
  namespace: z.string(),
  serviceAccount: z.string(),
  trustDomain: z.string(),
  workloadIps: z.array(z.ipv4()),
  protocol: z.enum(['HBONE', 'TCP']),
  network: z.string(),
  node: z.string().optional(),
  clusterId: z.string(),
  networkGateway: z.strictObject({ destination: networkAddress, hboneMtlsPort: port }).optional(),
  services: z.map(namespacedHostname, ports),
})

const service = z.strictObject({
  name: z.string(),
  namespace: z.string(),
  hostname: z.string(),
  vips: z.array(networkAddress).min(1),
  ports,
  subjectAltNames: z.array(z.string()),
})

const strictConfig = z.strictObject({
  workloads: z.array(z.preprocess(fields, workload)),
  services: z.array(z.preprocess(fields, service)),
})

export type StrictConfig = z.infer<typeof strictConfig>

/** @throws Error that names what it refuses. */
export function parseStrictly(text: string): StrictConfig {
  // Maps keep the type of their keys: a quoted port stays a string.
  const document: unknown = parse(text, { mapAsMap: true })
  return strictConfig.parse(fields(document))
}

/** The fields of a struct, of which only the inner maps may have keys that are no names. */
function fields(value: unknown): unknown {
  if (!(value instanceof Map)) return value
  const entries = [...value].map(([key, inner]): [string, unknown] => {
    return [String(key), key === 'networkGateway' ? fields(inner) : inner]
  })
  return Object.fromEntries(entries)
}
