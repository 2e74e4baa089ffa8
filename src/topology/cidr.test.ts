import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrProblem, cidrsOverlap, formatAddress, nodeCapacity, nodePodCidr, parseCidr } from './cidr.ts'

const cidrs = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 32 }))
  .map(([address, prefix]) => {
    const size = 2 ** (32 - prefix)
    return { first: address - (address % size), prefix, size }
  })

describe('parseCidr', () => {
  it('gives the first and last address', () => {
    expect(parseCidr('10.10.0.0/16')).toEqual({ first: 0x0a0a0000, last: 0x0a0affff, prefix: 16 })
    expect(parseCidr('255.255.255.255/32')).toEqual({ first: 2 ** 32 - 1, last: 2 ** 32 - 1, prefix: 32 })
  })

  it.each([
    '',
    '10.10.0.0',
    '10.10.0.0/33',
    '10.10.0.0/16/16',
    '10.10/16',
    '256.0.0.0/8',
    '010.0.0.0/8',
    'fd00::/8',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toBeUndefined()
    expect(cidrProblem(text)).toBe('expected an IPv4 CIDR like 10.10.0.0/16')
  })

  it('reads what formatAddress writes', () => {
    fc.assert(
      fc.property(cidrs, ({ first, prefix, size }) => {
        const text = `${formatAddress(first)}/${prefix}`
        expect(parseCidr(text)).toEqual({ first, last: first + size - 1, prefix })
      }),
    )
  })

  it('refuses host bits', () => {
    fc.assert(
      fc.property(cidrs, fc.nat(), ({ first, prefix, size }, n) => {
        fc.pre(size > 1)
        const host = first + 1 + (n % (size - 1))
        expect(parseCidr(`${formatAddress(host)}/${prefix}`)).toBeUndefined()
      }),
    )
  })
})

describe('cidrProblem', () => {
  it('names the network when host bits are set', () => {
    expect(cidrProblem('10.10.0.1/16')).toBe('has host bits set; the network is 10.10.0.0/16')
  })

  it.each(['127.0.0.0/16', '0.0.0.0/0', '169.254.0.0/24', '224.0.0.0/8', '240.0.0.0/16', '96.0.0.0/3'])(
    'refuses addresses that pods cannot have: %s',
    (text) => expect(cidrProblem(text)).toContain('which pods and services cannot use'),
  )

  it.each(['10.0.0.0/8', '172.16.0.0/12', '192.168.7.0/24', '100.64.0.0/10', '203.0.113.0/24'])(
    'has none with %s',
    (text) => expect(cidrProblem(text)).toBeUndefined(),
  )
})

describe('cidrsOverlap', () => {
  it('is true if and only if one holds the other', () => {
    fc.assert(
      fc.property(cidrs, cidrs, (a, b) => {
        const wide = a.prefix < b.prefix ? a : b
        const narrow = wide === a ? b : a
        const holds = Math.floor(narrow.first / wide.size) === wide.first / wide.size
        const range = (c: typeof a) => ({ first: c.first, last: c.first + c.size - 1, prefix: c.prefix })
        expect(cidrsOverlap(range(a), range(b))).toBe(holds)
        expect(cidrsOverlap(range(b), range(a))).toBe(holds)
      }),
    )
  })
})

describe('nodePodCidr', () => {
  it('gives nodes a /24 each, in order', () => {
    expect(nodePodCidr('10.10.0.0/16', 1)).toBe('10.10.0.0/24')
    expect(nodePodCidr('10.10.0.0/16', 256)).toBe('10.10.255.0/24')
    expect(nodePodCidr('10.0.0.0/8', 257)).toBe('10.1.0.0/24')
  })

  it('refuses a node that has no room', () => {
    expect(nodeCapacity(parseCidr('10.10.0.0/23')!)).toBe(2)
    expect(nodeCapacity(parseCidr('10.10.0.0/25')!)).toBe(0)
    expect(() => nodePodCidr('10.10.0.0/23', 3)).toThrow(RangeError)
    expect(() => nodePodCidr('10.10.0.0/25', 1)).toThrow(RangeError)
    expect(() => nodePodCidr('10.10.0.0/16', 0)).toThrow(RangeError)
    expect(() => nodePodCidr('pods', 1)).toThrow(RangeError)
  })
})
