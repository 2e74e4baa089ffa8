import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { ServedPod } from './protocol.ts'

/** Source: ztunnel `proto/zds.proto`, package `istio.workload.zds`. */
export const zdsVersion = 1

/** `WorkloadRequest{add}`; the network namespace travels beside it. */
export function addWorkload({ uid, name, namespace, serviceAccount }: ServedPod): Uint8Array {
  const info = new BinaryWriter()
  info.uint32(tag(1)).string(name)
  info.uint32(tag(2)).string(namespace)
  info.uint32(tag(3)).string(serviceAccount)
  const add = new BinaryWriter()
  add.uint32(tag(1)).string(uid)
  add.uint32(tag(2)).bytes(info.finish())
  return new BinaryWriter().uint32(tag(1)).bytes(add.finish()).finish()
}

/** `WorkloadRequest{snapshot_sent}`: these were all. */
export function snapshotSent(): Uint8Array {
  return new BinaryWriter().uint32(tag(3)).bytes(new Uint8Array()).finish()
}

/** `ZdsHello`: the version that the ztunnel speaks. */
export function helloVersion(message: Uint8Array): number {
  let version = 0
  eachField(message, (field, reader, type) => {
    if (field === 1) version = reader.int32()
    else reader.skip(type)
  })
  return version
}

/** `WorkloadResponse{ack}`: undefined when all is well, else the ztunnel's complaint. @throws when it is no answer. */
export function ackError(message: Uint8Array): string | undefined {
  let ack: Uint8Array | undefined
  eachField(message, (field, reader, type) => {
    if (field === 1) ack = reader.bytes()
    else reader.skip(type)
  })
  if (ack === undefined) throw new RangeError('the answer is no acknowledgement')
  let error = ''
  eachField(ack, (field, reader, type) => {
    if (field === 1) error = reader.string()
    else reader.skip(type)
  })
  return error === '' ? undefined : error
}

function eachField(
  message: Uint8Array,
  onField: (field: number, reader: BinaryReader, type: WireType) => void,
): void {
  const reader = new BinaryReader(message)
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    onField(field, reader, type)
  }
}

/** Tag of a field of bytes, strings and messages. */
function tag(field: number): number {
  return (field << 3) | WireType.LengthDelimited
}
