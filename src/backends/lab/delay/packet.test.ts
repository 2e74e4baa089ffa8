import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tunnelMac } from '../underlay.ts'
import { destinationOf, repairChecksums } from './packet.ts'

const [tcp, udp] = [6, 17]
const checksumOffset = { [tcp]: 16, [udp]: 6 }

/** VXLAN, Ethernet and IPv4 headers around a segment, as the kernel hands it to a socket. */
function packet(protocol: number, segment: Uint8Array, to = '198.18.3.7', fragment = 0): Buffer {
  const vxlan = Buffer.from('0800000000000200', 'hex')
  const mac = (address: string) => Buffer.from(tunnelMac(address).replaceAll(':', ''), 'hex')
  const ethernet = Buffer.concat([mac(to), mac('198.18.1.1'), Buffer.from('0800', 'hex')])
  const ip = Buffer.alloc(20)
  ip[0] = 0x45
  ip.writeUInt16BE(20 + segment.length, 2)
  ip.writeUInt16BE(fragment, 6)
  ip[9] = protocol
  Buffer.from([10, 10, 0, 10, 10, 30, 0, 11]).copy(ip, 12)
  return Buffer.concat([vxlan, ethernet, ip, segment])
}

const segmentStart = 8 + 14 + 20

/** RFC 1071 as written there: the sum over pseudo header and segment, checksum included, is all ones. */
function isValid(bytes: Buffer, protocol: number): boolean {
  const segment = bytes.subarray(segmentStart)
  const pseudo = Buffer.concat([
    bytes.subarray(segmentStart - 8, segmentStart),
    Buffer.from([0, protocol, segment.length >> 8, segment.length & 0xff]),
  ])
  const all = Buffer.concat([pseudo, segment, ...(segment.length % 2 === 0 ? [] : [Buffer.alloc(1)])])
  let sum = 0
  for (let i = 0; i < all.length; i += 2) {
    sum += all.readUInt16BE(i)
    if (sum > 0xffff) sum = (sum & 0xffff) + 1
  }
  return sum === 0xffff
}

describe('repairChecksums', () => {
  it.for([tcp, udp] as const)('makes the checksum of any segment valid (protocol %i)', (protocol) => {
    const segments = fc.uint8Array({ minLength: 20, maxLength: 1460 })
    fc.assert(
      fc.property(segments, (segment) => {
        // Not a tunnel, and with a checksum to fill in.
        if (protocol === udp) segment.set([0, 53], 2)
        segment.set([0xab, 0xcd], checksumOffset[protocol])
        const bytes = packet(protocol, segment)
        repairChecksums(bytes)
        expect(isValid(bytes, protocol)).toBe(true)
      }),
    )
  })

  it('leaves a UDP segment without a checksum as it is', () => {
    const segment = Buffer.from('00350035000800000102', 'hex')
    const bytes = packet(udp, segment)
    repairChecksums(bytes)
    expect(bytes.subarray(segmentStart)).toEqual(segment)
  })

  it('repairs the packet inside a tunnel inside the tunnel', () => {
    const inner = packet(tcp, new Uint8Array(40).fill(7))
    const header = Buffer.from([0xc0, 0, 0x12, 0xb5, 0, 0, 0, 0])
    const bytes = packet(udp, Buffer.concat([header, inner]))
    repairChecksums(bytes)
    expect(isValid(bytes.subarray(segmentStart + 8), tcp)).toBe(true)
  })

  it('leaves fragments and other protocols as they are', () => {
    const more = 0x2000
    for (const bytes of [
      packet(tcp, new Uint8Array(40).fill(7), '198.18.3.7', more),
      packet(1, new Uint8Array(8)),
    ]) {
      const before = Buffer.from(bytes)
      repairChecksums(bytes)
      expect(bytes).toEqual(before)
    }
  })

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const data = Buffer.from(bytes)
        repairChecksums(data)
        expect(destinationOf(data) ?? '0.0.0.0').toMatch(/^(\d+\.){3}\d+$/)
      }),
    )
  })
})

describe('destinationOf', () => {
  it('reads the underlay address from the inner destination MAC', () => {
    expect(destinationOf(packet(tcp, new Uint8Array(40), '198.18.3.7'))).toBe('198.18.3.7')
  })

  it('knows no destination for other MACs and for scraps', () => {
    const broadcast = packet(tcp, new Uint8Array(40))
    broadcast.fill(0xff, 8, 14)
    expect(destinationOf(broadcast)).toBeUndefined()
    expect(destinationOf(Buffer.alloc(10))).toBeUndefined()
  })
})
