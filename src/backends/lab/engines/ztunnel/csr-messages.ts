import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** Source: istio `security/v1alpha1/ca.proto`, package `istio.v1.auth`. */
export const createCertificatePath = '/istio.v1.auth.IstioCertificateService/CreateCertificate'

const prefixBytes = 5

/** The certificate request of a gRPC message. @throws RangeError when it is none. */
export function requestedCsr(body: Buffer): string {
  if (body.length < prefixBytes || body[0] !== 0) throw new RangeError('not one uncompressed gRPC message')
  const length = body.readUInt32BE(1)
  if (body.length !== prefixBytes + length) throw new RangeError('not one whole gRPC message')
  const reader = new BinaryReader(body.subarray(prefixBytes))
  let csr = ''
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field === 1 && type === WireType.LengthDelimited) csr = reader.string()
    else reader.skip(type)
  }
  if (csr === '') throw new RangeError('there is no certificate request in it')
  return csr
}

/** A gRPC message with a chain: the leaf first, the root last. */
export function certificateAnswer(chain: readonly string[]): Buffer {
  const writer = new BinaryWriter()
  for (const pem of chain) writer.uint32((1 << 3) | WireType.LengthDelimited).string(pem)
  const message = writer.finish()
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}
