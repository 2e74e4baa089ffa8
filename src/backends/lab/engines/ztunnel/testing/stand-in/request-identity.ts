// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import {
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  PemConverter,
} from '@peculiar/x509'
import { webcrypto } from 'node:crypto'
import { connect } from 'node:http2'
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Identity } from '../../../../components/protocol.ts'

/** Asks for a certificate as ztunnel does. @throws Error with what the service answers instead. */
export async function requestIdentity(address: string, rootPem: string, spiffe: string): Promise<Identity> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new SubjectAlternativeNameExtension([{ type: 'url', value: spiffe }], true)],
  })
  const chain = await createCertificate(address, rootPem, request.toString('pem'))
  const [certPem] = chain
  if (certPem === undefined) throw new Error(`no certificate for ${spiffe}`)
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { spiffe, certPem, keyPem: PemConverter.encode(pkcs8, PemConverter.PrivateKeyTag), rootPem }
}

async function createCertificate(address: string, rootPem: string, csr: string): Promise<readonly string[]> {
  const message = new BinaryWriter().uint32(0x0a).string(csr).finish()
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  const session = connect(address, { ca: rootPem })
  const stream = session.request({
    ':method': 'POST',
    ':path': '/istio.v1.auth.IstioCertificateService/CreateCertificate',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  stream.end(Buffer.concat([prefix, message]))
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  session.close()
  const body = Buffer.concat(chunks)
  const reader = new BinaryReader(body.subarray(5))
  const chain: string[] = []
  while (reader.pos < reader.len) {
    reader.tag()
    chain.push(reader.string())
  }
  return chain
}
