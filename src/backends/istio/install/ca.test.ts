import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { run } from '../../../process/exec.ts'
import { certificateFingerprint } from '../../pki.ts'
import { caSecret, createMeshRoot, rootAnnotation } from './ca.ts'

const openssl = await run('openssl', ['version']).then(
  () => true,
  () => false,
)

describe('the shared root', () => {
  it('signs one intermediate CA per cluster', async () => {
    const root = await createMeshRoot()
    const [east, west] = await Promise.all([root.intermediate('east-1'), root.intermediate('west')])
    const rootCertificate = new X509Certificate(root.rootPem)
    for (const files of [east, west]) {
      const certificate = new X509Certificate(files['ca-cert.pem'])
      expect(certificate.ca).toBe(true)
      expect(certificate.verify(rootCertificate.publicKey)).toBe(true)
      expect(certificate.checkPrivateKey(createPrivateKey(files['ca-key.pem']))).toBe(true)
      expect(files['root-cert.pem']).toBe(root.rootPem)
      expect(files['cert-chain.pem']).toBe(files['ca-cert.pem'] + root.rootPem)
    }
    expect(east['ca-key.pem']).not.toBe(west['ca-key.pem'])
    expect(new X509Certificate(east['ca-cert.pem']).subject).toContain('L=east-1')
  })

  it('is another one every time', async () => {
    const [a, b] = await Promise.all([createMeshRoot(), createMeshRoot()])
    expect(a.fingerprint).not.toBe(b.fingerprint)
  })

  it('has the fingerprint that Node computes', async () => {
    const { rootPem, fingerprint } = await createMeshRoot()
    const hex = new X509Certificate(rootPem).fingerprint256.replaceAll(':', '').toLowerCase()
    expect(fingerprint).toBe(`sha256:${hex}`)
    expect(() => certificateFingerprint('nothing')).toThrow(RangeError)
  })

  it('becomes a secret with the four files that istiod reads', async () => {
    const root = await createMeshRoot()
    const files = await root.intermediate('east')
    const secret = caSecret(files, root.fingerprint) as {
      data: Record<string, string>
      metadata: { annotations: Record<string, string> }
    }
    const decoded = Object.entries(secret.data).map(([name, text]) => [
      name,
      Buffer.from(text, 'base64').toString(),
    ])
    expect(Object.fromEntries(decoded)).toEqual({ ...files })
    expect(secret.metadata.annotations[rootAnnotation]).toBe(root.fingerprint)
  })

  it.runIf(openssl)('satisfies openssl', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-ca-'))
    try {
      const root = await createMeshRoot()
      const files = await root.intermediate('east')
      for (const name of ['root-cert.pem', 'ca-cert.pem'] as const) {
        writeFileSync(path.join(folder, name), files[name], { mode: 0o600 })
      }
      const args = ['verify', '-x509_strict', '-CAfile', path.join(folder, 'root-cert.pem')]
      const { stdout } = await run('openssl', [...args, path.join(folder, 'ca-cert.pem')])
      expect(stdout).toContain('OK')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
