import { parseSpiffe } from '../../../plan/spiffe.ts'

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
