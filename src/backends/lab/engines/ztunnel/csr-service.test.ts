// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509'
import { webcrypto, X509Certificate } from 'node:crypto'
import { connect, type Http2SecureServer, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMeshAuthority, type MeshAuthority } from '../../pki.ts'
import { createCertificatePath } from './csr-messages.ts'
import { serveCsr } from './csr-service.ts'

const own = 'spiffe://cluster.local/ns/hopmeter/sa/client-east-n1'

/** A request as tonic sends it: one uncompressed message of field 1 (the CSR), 3 and 4. */
function grpcBody(csr: string): Buffer {
  const text = Buffer.from(csr)
  const length = [(text.length & 0x7f) | 0x80, text.length >> 7]
  const ttl = Buffer.from([0x18, 0x80, 0xa3, 0x05])
  const metadata = Buffer.from([0x22, 0x00])
  const message = Buffer.concat([Buffer.from([0x0a, ...length]), text, ttl, metadata])
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

async function csrFor(...names: readonly string[]): Promise<string> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: 'url' as const, value })),
        true,
      ),
    ],
  })
  return request.toString('pem')
}

describe('the certificate service', () => {
  let authority: MeshAuthority
  let server: Http2SecureServer
  const certified: string[] = []
  const problems: string[] = []

  beforeAll(async () => {
    authority = await createMeshAuthority('cluster.local')
    server = await serveCsr({
      host: '127.0.0.1',
      port: 0,
      authority,
      identities: [own],
      onCertified: (spiffe) => certified.push(spiffe),
      onProblem: (problem) => problems.push(problem),
    })
  })
  afterAll(() => server.close())

  async function call(path: string, body: Buffer) {
    const { port } = server.address() as AddressInfo
    const session = connect(`https://127.0.0.1:${port}`, { ca: authority.rootPem })
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const statuses: string[] = []
    const note = (headers: IncomingHttpHeaders) => {
      const status = headers['grpc-status']
      if (typeof status === 'string') statuses.push(status)
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.end(body)
    const chunks: Buffer[] = []
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
    session.close()
    return { statuses, body: Buffer.concat(chunks) }
  }

  it('signs for a pod of its node: leaf first, root last, with that identity alone', async () => {
    const { statuses, body } = await call(createCertificatePath, grpcBody(await csrFor(own)))
    expect(statuses).toEqual(['0'])
    expect(body.readUInt32BE(1)).toBe(body.length - 5)
    const pems =
      body.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    const [leaf, root] = pems.map((pem) => new X509Certificate(pem))
    expect(leaf?.subjectAltName).toBe(`URI:${own}`)
    expect(leaf?.subject ?? '').toBe('')
    expect(root?.ca).toBe(true)
    expect(leaf?.verify(root!.publicKey)).toBe(true)
    expect(certified).toContain(own)
  })

  it('refuses a pod of another node, as istiod does', async () => {
    const { statuses } = await call(createCertificatePath, grpcBody(await csrFor(`${own}-other`)))
    expect(statuses).toEqual(['7'])
    expect(problems.join()).toContain(`${own}-other is not of this node`)
  })

  it('refuses a request with two identities, one with none, and what is no request', async () => {
    const foul = 'spiffe://cluster.local/ns/hopmeter/sa/other'
    for (const body of [
      grpcBody(await csrFor(own, foul)),
      grpcBody(await csrFor()),
      grpcBody('hello'),
      Buffer.from('x'),
    ]) {
      expect((await call(createCertificatePath, body)).statuses).toEqual(['3'])
    }
  })

  it('knows no other method', async () => {
    const { statuses } = await call('/istio.v1.auth.Other/Do', grpcBody(await csrFor(own)))
    expect(statuses).toEqual(['12'])
  })

  it('does not sign a key that did not sign the request', async () => {
    const [good, other] = [await csrFor(own), await csrFor(own)]
    const bytes = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
    const forged = Buffer.from(bytes(good))
    // The signature is the last part of it.
    bytes(other).copy(forged, forged.length - 32, bytes(other).length - 32)
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${forged.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
    expect((await call(createCertificatePath, grpcBody(pem))).statuses).toEqual(['3'])
  })
})
