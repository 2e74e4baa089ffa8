/** The parts of an Istio workload identity, `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`. */
export interface SpiffeId {
  readonly trustDomain: string
  readonly namespace: string
  readonly serviceAccount: string
}

/** Undefined for anything that is not an Istio workload identity. */
export function parseSpiffe(id: string): SpiffeId | undefined {
  const match = /^spiffe:\/\/([\w.-]+)\/ns\/([\w.-]+)\/sa\/([\w.-]+)$/.exec(id)
  if (!match) return undefined
  return { trustDomain: match[1]!, namespace: match[2]!, serviceAccount: match[3]! }
}

/**
 * The SPIFFE id of a certificate: its only subject alternative name, a URI (X.509-SVID §2). Undefined when the
 * certificate has none, several or other names. `names` is OpenSSL's list, in which Node quotes odd characters, so
 * one strict match over the whole of it cannot be fooled by a name that contains a separator.
 */
export function spiffeOf(names: string | undefined): string | undefined {
  if (!names?.startsWith('URI:')) return undefined
  const id = names.slice('URI:'.length)
  return parseSpiffe(id) ? id : undefined
}
