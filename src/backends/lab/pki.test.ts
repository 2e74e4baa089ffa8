import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMeshAuthority } from './pki.ts'

describe('a mesh authority', () => {
  it('issues certificates of the shape that istiod issues', async () => {
    const authority = await createMeshAuthority('cluster.local')
    const spiffe = 'spiffe://cluster.local/ns/hopmeter/sa/client'
    const identity = await authority.issue(spiffe)
    const leaf = new X509Certificate(identity.certPem)
    const root = new X509Certificate(authority.rootPem)
    expect(leaf.subject).toBeFalsy()
    expect(leaf.subjectAltName).toBe(`URI:${spiffe}`)
    expect(leaf.keyUsage?.toSorted()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    expect(leaf.ca).toBe(false)
    expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    expect(leaf.verify(root.publicKey)).toBe(true)
    expect(leaf.checkIssued(root)).toBe(true)
    expect(leaf.checkPrivateKey(createPrivateKey(identity.keyPem))).toBe(true)
    expect(identity).toMatchObject({ spiffe, rootPem: authority.rootPem })
    expect(root.ca).toBe(true)
    const now = Date.now()
    expect(Date.parse(leaf.validFrom)).toBeLessThan(now)
    expect(Date.parse(leaf.validTo)).toBeGreaterThan(now)
    expect(Date.parse(root.validTo)).toBeGreaterThan(Date.parse(leaf.validTo))
  })

  it('gives every certificate keys and a serial number of its own', async () => {
    const authority = await createMeshAuthority('cluster.local')
    const names = Array.from({ length: 14 }, (_, i) => `spiffe://cluster.local/ns/hopmeter/sa/pod-${i}`)
    const identities = await Promise.all(names.map((name) => authority.issue(name)))
    const leaves = identities.map(({ certPem }) => new X509Certificate(certPem))
    expect(new Set(identities.map(({ keyPem }) => keyPem)).size).toBe(14)
    expect(new Set(leaves.map(({ serialNumber }) => serialNumber)).size).toBe(14)
    expect(leaves.map(({ subjectAltName }) => subjectAltName)).toEqual(names.map((name) => `URI:${name}`))
  })

  it('does not vouch for another trust domain', async () => {
    const authority = await createMeshAuthority('cluster.local')
    await expect(authority.issue('spiffe://elsewhere.example/ns/a/sa/b')).rejects.toThrow(RangeError)
    await expect(authority.issue('spiffe://cluster.local.example/ns/a/sa/b')).rejects.toThrow(RangeError)
  })

  it('has a root of its own', async () => {
    const [one, other] = await Promise.all([
      createMeshAuthority('cluster.local'),
      createMeshAuthority('cluster.local'),
    ])
    const leaf = new X509Certificate((await one.issue('spiffe://cluster.local/ns/a/sa/b')).certPem)
    expect(leaf.verify(new X509Certificate(other.rootPem).publicKey)).toBe(false)
  })
})
