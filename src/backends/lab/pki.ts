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
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { webcrypto } from 'node:crypto'
import { clockSkewMs, importPrivateKey, newKeys, newSerial, privateKeyPem, signingAlgorithm } from '../pki.ts'
import type { Identity } from './components/protocol.ts'

/** What makes a certificate authority; the key travels through pipes only. */
export interface AuthorityKeys {
  readonly rootPem: string
  readonly rootKeyPem: string
}

/** The certificate authority of one lab. Its keys live in memory only and end with the process. */
export interface MeshAuthority {
  readonly rootPem: string
  /** A new key pair and certificate for a SPIFFE id, e.g. `spiffe://cluster.local/ns/hopmeter/sa/client`. */
  issue(spiffe: string): Promise<Identity>
  /** A certificate for a SPIFFE id and the key of a PEM certificate request, whose signature is checked. */
  certify(spiffe: string, requestPem: string): Promise<string>
  /** A new key pair and certificate for a server that is known by its address. */
  issueServer(ip: string): Promise<{ readonly certPem: string; readonly keyPem: string }>
  keys(): Promise<AuthorityKeys>
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
  return await authorityOf(trustDomain, root, keys.privateKey)
}

/** The same authority in another process. */
export async function openMeshAuthority(
  trustDomain: string,
  { rootPem, rootKeyPem }: AuthorityKeys,
): Promise<MeshAuthority> {
  return await authorityOf(trustDomain, new X509Certificate(rootPem), await importPrivateKey(rootKeyPem))
}

async function authorityOf(
  trustDomain: string,
  root: X509Certificate,
  signingKey: webcrypto.CryptoKey,
): Promise<MeshAuthority> {
  const rootPem = root.toString('pem')
  // The same for every leaf, and encoding is what costs time here.
  const leafExtensions = [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new BasicConstraintsExtension(false, undefined, true),
    await AuthorityKeyIdentifierExtension.create(await root.publicKey.export()),
  ]
  const issuer = root.subjectName

  async function leaf(type: 'url' | 'ip', name: string, publicKey: webcrypto.CryptoKey): Promise<string> {
    const certificate = await X509CertificateGenerator.create({
      serialNumber: newSerial(),
      issuer,
      notBefore: new Date(Date.now() - clockSkewMs),
      notAfter: new Date(Date.now() + leafLifetimeMs),
      signingAlgorithm,
      signingKey,
      publicKey,
      extensions: [
        ...leafExtensions,
        // Critical, because the subject is empty (RFC 5280 4.2.1.6).
        new SubjectAlternativeNameExtension([{ type, value: name }], true),
      ],
    })
    return certificate.toString('pem')
  }

  function checkSpiffe(spiffe: string): void {
    if (spiffe.startsWith(`spiffe://${trustDomain}/`)) return
    throw new RangeError(`"${spiffe}" is not a SPIFFE id of trust domain "${trustDomain}"`)
  }

  return {
    rootPem,
    issue: async (spiffe) => {
      checkSpiffe(spiffe)
      const keys = await newKeys()
      const certPem = await leaf('url', spiffe, keys.publicKey)
      return { spiffe, certPem, keyPem: await privateKeyPem(keys), rootPem }
    },
    certify: async (spiffe, requestPem) => {
      checkSpiffe(spiffe)
      const request = new Pkcs10CertificateRequest(requestPem)
      if (!(await request.verify()))
        throw new RangeError('the certificate request is not signed by its own key')
      return await leaf('url', spiffe, await request.publicKey.export())
    },
    issueServer: async (ip) => {
      const keys = await newKeys()
      return { certPem: await leaf('ip', ip, keys.publicKey), keyPem: await privateKeyPem(keys) }
    },
    keys: async () => ({ rootPem, rootKeyPem: await privateKeyPem({ privateKey: signingKey }) }),
  }
}
