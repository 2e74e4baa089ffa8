import { describe, expect, it } from 'vitest'
import { spiffeOf } from './spiffe.ts'

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
