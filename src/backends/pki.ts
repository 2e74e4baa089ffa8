// @peculiar/x509 registers its classes through decorators and needs the metadata API before it loads.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { PemConverter } from '@peculiar/x509'
import { createHash, randomBytes, webcrypto } from 'node:crypto'

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const
/** Istio dates certificates back by this, against clocks that differ between machines. */
export const clockSkewMs = 2 * 60_000

/** Keys of a certificate, in memory only. */
export async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(curve, true, ['sign', 'verify'])
}

/** PKCS#8. */
export async function privateKeyPem({
  privateKey,
}: Pick<webcrypto.CryptoKeyPair, 'privateKey'>): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', privateKey)
  return PemConverter.encode(pkcs8, PemConverter.PrivateKeyTag)
}

/** The key that `privateKeyPem` wrote, for signing. */
export async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), curve, true, ['sign'])
}

/** 16 random bytes; the top bit is cleared because serial numbers are positive. */
export function newSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x01
  return bytes.toString('hex')
}

/** SHA-256 of the first certificate in a PEM text. @throws RangeError when there is none. */
export function certificateFingerprint(pem: string): string {
  const body = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem)?.[1]
  if (body === undefined) throw new RangeError('not a PEM certificate')
  return `sha256:${createHash('sha256').update(Buffer.from(body, 'base64')).digest('hex')}`
}
