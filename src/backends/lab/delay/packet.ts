/** Reading and repairing of VXLAN packets: RFC 7348 (VXLAN), RFC 791, RFC 768, RFC 9293 (IPv4, UDP, TCP). */

const vxlanHeader = 8
const ethernetHeader = 14
const etherTypeIpv4 = 0x0800
const protocolTcp = 6
const protocolUdp = 17
const vxlanPort = 4789

/** Where a packet is going: the underlay address in the fixed MAC (`02:00` + IPv4) of its inner Ethernet header. */
export function destinationOf(packet: Buffer): string | undefined {
  if (packet.length < vxlanHeader + ethernetHeader) return undefined
  if (packet[vxlanHeader] !== 0x02 || packet[vxlanHeader + 1] !== 0x00) return undefined
  return packet.subarray(vxlanHeader + 2, vxlanHeader + 6).join('.')
}

/**
 * Fills in the checksums of the inner packet. On a virtual link the kernel leaves them to hardware that does not
 * exist, which does no harm until a packet has been through user space: then the receiver checks, and drops it.
 */
export function repairChecksums(packet: Buffer): void {
  const start = vxlanHeader + ethernetHeader
  if (packet.length < start + 20 || packet.readUInt16BE(start - 2) !== etherTypeIpv4) return
  const headerLength = (packet[start]! & 0x0f) * 4
  const ip = packet.subarray(start, start + packet.readUInt16BE(start + 2))
  const isFragment = (ip.readUInt16BE(6) & 0x3fff) !== 0
  const segment = ip.subarray(headerLength)
  if (isFragment) return
  if (ip[9] === protocolTcp && segment.length >= 20) {
    setChecksum(ip, segment, protocolTcp, 16)
  } else if (ip[9] === protocolUdp && segment.length >= 8) {
    // A tunnel within the tunnel: VXLAN routes over a delayed link.
    if (segment.readUInt16BE(2) === vxlanPort) repairChecksums(segment.subarray(8))
    // Zero means "none", which senders of tunnels choose, and stays.
    if (segment.readUInt16BE(6) !== 0) setChecksum(ip, segment, protocolUdp, 6)
  }
}

function setChecksum(ip: Buffer, segment: Buffer, protocol: number, offset: number): void {
  segment.writeUInt16BE(0, offset)
  const pseudoHeader = sumWords(ip.subarray(12, 20)) + protocol + segment.length
  const checksum = fold(pseudoHeader + sumWords(segment))
  // UDP writes a computed zero as all ones, because zero means "none".
  segment.writeUInt16BE(protocol === protocolUdp && checksum === 0 ? 0xffff : checksum, offset)
}

/** RFC 1071: the one's complement of the one's complement sum. */
function fold(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000)
  return ~folded & 0xffff
}

function sumWords(data: Buffer): number {
  let sum = 0
  const even = data.length & ~1
  for (let i = 0; i < even; i += 2) sum += (data[i]! << 8) | data[i + 1]!
  return even === data.length ? sum : sum + (data[even]! << 8)
}
