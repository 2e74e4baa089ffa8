// @peculiar/x509 registers its classes through decorators and needs the metadata API before it loads.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509'

/**
 * The SPIFFE id that a certificate request names: its only subject alternative name. Undefined when it has none, or
 * several. @throws when the text is no certificate request.
 */
export function requestedSpiffe(csrPem: string): string | undefined {
  const request = new Pkcs10CertificateRequest(csrPem)
  const extension = request.extensions.find((found) => found instanceof SubjectAlternativeNameExtension)
  const names = extension?.names.items ?? []
  const [only] = names
  return names.length === 1 && only?.type === 'url' ? only.value : undefined
}
