// @peculiar/x509 registers its classes through decorators and needs the metadata API before it loads.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { systemNamespace } from '../../../plan/names.ts'
import {
  certificateFingerprint,
  clockSkewMs,
  newKeys,
  newSerial,
  privateKeyPem,
  signingAlgorithm,
} from '../../pki.ts'

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

/** Key type of root and intermediates; it makes handshakes cheaper than RSA, so results name it. */
export const caKeyType = 'ECDSA P-256'
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
      // istiod reads PKCS#8 as well as SEC 1: istio `security/pkg/pki/util/crypto.go` ParsePemEncodedKey.
      'ca-key.pem': pemFile(await privateKeyPem(own)),
      'root-cert.pem': rootPem,
      'cert-chain.pem': `${caPem}${rootPem}`,
    }
  }

  return { rootPem, fingerprint: certificateFingerprint(rootPem), intermediate }
}

/** The `cacerts` secret of one cluster, annotated with the root that it belongs to. */
export function caSecret(files: CaFiles, fingerprint: string): object {
  const encoded = Object.entries(files).map(([name, pem]) => [name, Buffer.from(pem).toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'cacerts',
      namespace: systemNamespace,
      labels: { 'app.kubernetes.io/managed-by': 'hopmeter' },
      annotations: { [rootAnnotation]: fingerprint },
    },
    type: 'Opaque',
    data: Object.fromEntries(encoded),
  }
}

/** On `cacerts`: fingerprint of its root, so that equal roots are seen without reading certificates. */
export const rootAnnotation = 'hopmeter.dev/root-ca'

function pemFile(pem: string): string {
  return `${pem.trimEnd()}\n`
}
