import ipaddr from 'ipaddr.js'

/** An IPv4 network: its first and last address as unsigned integers, and the prefix length. */
export interface Cidr {
  readonly first: number
  readonly last: number
  readonly prefix: number
}

/** Nodes take a /24 of the pod CIDR each. */
export const nodePrefix = 24

/** Parses e.g. `10.10.0.0/16`; undefined unless it is four decimal numbers, a prefix, and no host bits. */
export function parseCidr(text: string): Cidr | undefined {
  const wide = parseInterface(text)
  return wide && formatAddress(wide.first) === text.slice(0, text.indexOf('/')) ? wide : undefined
}

/** What is wrong with a CIDR, as the end of "… ", or undefined. Names the network address when host bits are set. */
export function cidrProblem(text: string): string | undefined {
  if (parseCidr(text)) return reservedProblem(parseCidr(text)!)
  const wide = parseInterface(text)
  if (!wide) return 'expected an IPv4 CIDR like 10.10.0.0/16'
  return `has host bits set; the network is ${formatAddress(wide.first)}/${wide.prefix}`
}

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return a.first <= b.last && b.first <= a.last
}

/** How many nodes a pod CIDR has room for. */
export function nodeCapacity(podCidr: Cidr): number {
  return podCidr.prefix > nodePrefix ? 0 : 2 ** (nodePrefix - podCidr.prefix)
}

/**
 * The /24 of a node (1-based), e.g. node 2 of `10.10.0.0/16` has `10.10.1.0/24`.
 * @throws RangeError when the CIDR is invalid or has no such /24; scenarios are checked for both.
 */
export function nodePodCidr(podCidr: string, node: number): string {
  const cidr = parseCidr(podCidr)
  if (!cidr || !Number.isInteger(node) || node < 1 || node > nodeCapacity(cidr)) {
    throw new RangeError(`pod CIDR ${podCidr} has no /${nodePrefix} for node ${node}`)
  }
  return `${formatAddress(cidr.first + (node - 1) * 2 ** (32 - nodePrefix))}/${nodePrefix}`
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')
}

/** Host bits are cleared. ipaddr.js also reads octal and short forms, which people do not mean: only plain decimals. */
function parseInterface(text: string): Cidr | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(text) || /(^|\.)0\d/.test(text)) return undefined
  if (!ipaddr.IPv4.isValidCIDR(text)) return undefined
  const [address, prefix] = ipaddr.IPv4.parseCIDR(text)
  const size = 2 ** (32 - prefix)
  const value = address.toByteArray().reduce((sum, byte) => sum * 256 + byte, 0)
  const first = value - (value % size)
  return { first, last: first + size - 1, prefix }
}

const reserved = [
  ['0.0.0.0/8', 'this network'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/3', 'multicast and reserved'],
] as const

function reservedProblem(cidr: Cidr): string | undefined {
  const clash = reserved.find(([range]) => cidrsOverlap(parseCidr(range)!, cidr))
  return clash && `overlaps ${clash[0]} (${clash[1]}), which pods and services cannot use`
}
