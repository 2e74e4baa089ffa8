// @peculiar/x509 registers its classes through decorators and needs the metadata API before it loads.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { clockSkewMs, newKeys, newSerial, privateKeyPem, signingAlgorithm } from '../pki.ts'
import type { Identity } from './components/protocol.ts'

/** The certificate authority of one lab. Its keys live in memory only and end with the process. */
export interface MeshAuthority {
  readonly rootPem: string
  /** A new key pair and certificate for a SPIFFE id, e.g. `spiffe://cluster.local/ns/hopmeter/sa/client`. */
  issue(spiffe: string): Promise<Identity>
}

/** Istio's default lifetime of a workload certificate. */
const leafLifetimeMs = 24 * 3_600_000
const rootLifetimeMs = 7 * leafLifetimeMs

/**
 * A certificate authority that issues workload certificates of the shape that istiod's has: ECDSA P-256, empty
 * subject, one critical SPIFFE URI SAN, for both ends of TLS. (istiod's own root is RSA by default; ours is ECDSA.)
 * Source: istio `security/pkg/pki/util/{generate_cert,san}.go`, ztunnel `src/tls/csr.rs`.
 */
export async function createMeshAuthority(trustDomain: string): Promise<MeshAuthority> {
  const keys = await newKeys()
  const now = Date.now()
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ O: [trustDomain] }],
    notBefore: new Date(now - clockSkewMs),
    notAfter: new Date(now + rootLifetimeMs),
    signingAlgorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const rootPem = root.toString('pem')
  // The same for every leaf, and encoding is what costs time here.
  const leafExtensions = [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new BasicConstraintsExtension(false, undefined, true),
    await AuthorityKeyIdentifierExtension.create(keys.publicKey),
  ]
  const issuer = root.subjectName

  async function issue(spiffe: string): Promise<Identity> {
    if (!spiffe.startsWith(`spiffe://${trustDomain}/`)) {
      throw new RangeError(`"${spiffe}" is not a SPIFFE id of trust domain "${trustDomain}"`)
    }
    const leafKeys = await newKeys()
    const leaf = await X509CertificateGenerator.create({
      serialNumber: newSerial(),
      issuer,
      notBefore: new Date(Date.now() - clockSkewMs),
      notAfter: new Date(Date.now() + leafLifetimeMs),
      signingAlgorithm,
      signingKey: keys.privateKey,
      publicKey: leafKeys.publicKey,
      extensions: [
        ...leafExtensions,
        // Critical, because the subject is empty (RFC 5280 4.2.1.6).
        new SubjectAlternativeNameExtension([{ type: 'url', value: spiffe }], true),
      ],
    })
    return { spiffe, certPem: leaf.toString('pem'), keyPem: await privateKeyPem(leafKeys), rootPem }
  }

  return { rootPem, issue }
}
