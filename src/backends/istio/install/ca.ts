// @peculiar/x509 registers its classes through decorators and needs the metadata API before it loads.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { createHash, randomBytes, webcrypto } from 'node:crypto'

/** The four files of istiod's plugged-in CA (secret `cacerts`). PEM. */
export interface CaFiles {
  readonly 'ca-cert.pem': string
  readonly 'ca-key.pem': string
  readonly 'root-cert.pem': string
  readonly 'cert-chain.pem': string
}

/** A root that all clusters of a mesh share. Its key lives in memory only and ends with the process. */
export interface MeshRoot {
  readonly rootPem: string
  /** Of the root certificate, e.g. `sha256:ab12…`; not secret. */
  readonly fingerprint: string
  /** A new intermediate CA for one cluster, as istiod reads it. */
  intermediate(cluster: string): Promise<CaFiles>
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const
/** Key type of root and intermediates; it makes handshakes cheaper than RSA, so results name it. */
export const caKeyType = 'ECDSA P-256'
/** Against clocks that differ between machines. */
const clockSkewMs = 2 * 60_000
const dayMs = 24 * 3_600_000
/** A testbed that is kept may stand for a while; istiod refuses to start with an expired CA. */
const rootLifetimeMs = 365 * dayMs
const signingUsages = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature

/**
 * Makes a root in process, without openssl or files.
 * Source of the shape: istio.io "Plug in CA certificates", istio tools/certs (subject `O=Istio`, path length 0 for
 * intermediates, `istiod.istio-system.svc` is not needed since istiod issues its own serving certificate).
 */
export async function createMeshRoot(): Promise<MeshRoot> {
  const keys = await newKeys()
  const now = Date.now()
  const notBefore = new Date(now - clockSkewMs)
  const notAfter = new Date(now + rootLifetimeMs)
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ O: ['Istio'] }, { CN: ['Root CA'] }],
    notBefore,
    notAfter,
    signingAlgorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(signingUsages, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const rootPem = pemFile(root.toString('pem'))

  async function intermediate(cluster: string): Promise<CaFiles> {
    const own = await newKeys()
    const certificate = await X509CertificateGenerator.create({
      serialNumber: newSerial(),
      subject: [{ O: ['Istio'] }, { CN: ['Intermediate CA'] }, { L: [cluster] }],
      issuer: root.subjectName,
      notBefore,
      notAfter,
      signingAlgorithm,
      signingKey: keys.privateKey,
      publicKey: own.publicKey,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(signingUsages, true),
        await SubjectKeyIdentifierExtension.create(own.publicKey),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    const caPem = pemFile(certificate.toString('pem'))
    return {
      'ca-cert.pem': caPem,
      'ca-key.pem': await privateKeyPem(own),
      'root-cert.pem': rootPem,
      'cert-chain.pem': `${caPem}${rootPem}`,
    }
  }

  return { rootPem, fingerprint: certificateFingerprint(rootPem), intermediate }
}

/** SHA-256 of the first certificate in a PEM text. @throws RangeError when there is none. */
export function certificateFingerprint(pem: string): string {
  const body = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem)?.[1]
  if (body === undefined) throw new RangeError('not a PEM certificate')
  return `sha256:${createHash('sha256').update(Buffer.from(body, 'base64')).digest('hex')}`
}

/** The `cacerts` secret of one cluster, annotated with the root that it belongs to. */
export function caSecret(files: CaFiles, fingerprint: string): object {
  const encoded = Object.entries(files).map(([name, pem]) => [name, Buffer.from(pem).toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'cacerts',
      namespace: 'istio-system',
      labels: { 'app.kubernetes.io/managed-by': 'hopmeter' },
      annotations: { [rootAnnotation]: fingerprint },
    },
    type: 'Opaque',
    data: Object.fromEntries(encoded),
  }
}

/** On `cacerts`: fingerprint of its root, so that equal roots are seen without reading certificates. */
export const rootAnnotation = 'hopmeter.dev/root-ca'

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(curve, true, ['sign', 'verify'])
}

/**
 * istiod wants the private key in the header's own words: it reads PKCS#8 (`PRIVATE KEY`) as well as SEC 1.
 * Source: istio `security/pkg/pki/util/crypto.go` ParsePemEncodedKey.
 */
async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return pemFile(PemConverter.encode(pkcs8, PemConverter.PrivateKeyTag))
}

function pemFile(pem: string): string {
  return `${pem.trimEnd()}\n`
}

/** 16 random bytes; the top bit is cleared because serial numbers are positive. */
function newSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x01
  return bytes.toString('hex')
}
