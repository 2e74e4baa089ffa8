import { describe, expect, it } from 'vitest'
import { parseSpiffe, spiffeId } from './spiffe.ts'

describe('a SPIFFE id', () => {
  it('is taken apart', () => {
    expect(parseSpiffe('spiffe://cluster.local/ns/hopmeter/sa/client')).toEqual({
      trustDomain: 'cluster.local',
      namespace: 'hopmeter',
      serviceAccount: 'client',
    })
  })

  it('is put together from what it is taken apart into', () => {
    const id = 'spiffe://example.org/ns/hopmeter/sa/client'
    const { namespace, serviceAccount, trustDomain } = parseSpiffe(id)!
    expect(spiffeId(namespace, serviceAccount, trustDomain)).toBe(id)
  })

  it.each([
    '',
    'https://cluster.local/ns/a/sa/b',
    'spiffe://cluster.local/ns/a',
    'spiffe://cluster.local/ns/a/sa/b/c',
    'spiffe:///ns/a/sa/b',
    'spiffe://cluster.local/ns/a/sa/b\n',
  ])('is not %j', (text) => {
    expect(parseSpiffe(text)).toBeUndefined()
  })
})
