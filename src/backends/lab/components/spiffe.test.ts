import { describe, expect, it } from 'vitest'
import { parseSpiffe, spiffeOf } from './spiffe.ts'

describe('a SPIFFE id', () => {
  it('is taken apart', () => {
    expect(parseSpiffe('spiffe://cluster.local/ns/hopmeter/sa/client')).toEqual({
      trustDomain: 'cluster.local',
      namespace: 'hopmeter',
      serviceAccount: 'client',
    })
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

describe('the names of a certificate', () => {
  const id = 'spiffe://cluster.local/ns/a/sa/b'

  it('give the id when it is the only one', () => {
    expect(spiffeOf(`URI:${id}`)).toBe(id)
  })

  it.each([
    undefined,
    '',
    `DNS:${id}`,
    `URI:${id}, URI:spiffe://cluster.local/ns/a/sa/c`,
    `DNS:example.com, URI:${id}`,
    `URI:"${id}"`,
  ])('give none for %j', (names) => {
    expect(spiffeOf(names)).toBeUndefined()
  })
})
