import { expect, test } from 'vitest'
import { UsageError } from '../errors.ts'
import { probeTargets } from './probe-target.ts'

test('an endpoint is named by what stands before its URL, or by the URL', () => {
  const [named, plain] = probeTargets(['old=http://127.0.0.1:8080/a?b=c', 'http://[::1]/x=http://y'])
  expect(named).toEqual({
    name: 'old',
    url: 'http://127.0.0.1:8080/a?b=c',
    target: {
      path: 'endpoint-1',
      host: '127.0.0.1',
      port: 8080,
      httpPath: '/a?b=c',
      authority: '127.0.0.1:8080',
    },
  })
  expect(plain).toMatchObject({ name: 'http://[::1]/x=http://y', target: { host: '::1', port: 80 } })
})

test('one URL twice is an A/A test, one name twice is a mistake', () => {
  const [a, b] = probeTargets(['http://h/', 'http://h/'])
  expect(a?.target.path).not.toBe(b?.target.path)
  expect(() => probeTargets(['a=http://h/', 'a=http://i/'])).toThrow(UsageError)
})

test.each([
  ['h:80', 'only http://'],
  ['a=nonsense', 'is no URL'],
  ['a=https://h/', 'TLS'],
  ['ftp://h/', 'only http://'],
])('%s is refused', (endpoint, why) => {
  expect(() => probeTargets([endpoint])).toThrow(why)
})

test('user and password go into the Authorization header, and nowhere else', () => {
  const [bare, named] = probeTargets(['http://us%65r:p%40ss:%C3%A9@h:8080/a?b', 'x=http://user@h/'])
  expect(bare).toEqual({
    name: 'http://h:8080/a?b',
    url: 'http://h:8080/a?b',
    target: {
      path: 'endpoint-1',
      host: 'h',
      port: 8080,
      httpPath: '/a?b',
      authority: 'h:8080',
      authorization: `Basic ${Buffer.from('user:p@ss:\u00e9').toString('base64')}`,
    },
  })
  expect(named).toMatchObject({
    name: 'x',
    url: 'http://h/',
    target: { authorization: `Basic ${Buffer.from('user:').toString('base64')}` },
  })
})

test.each([
  'https://user:s3cret@h/',
  'ftp://user:s3cret@h/',
  'http://user:s3cret@h:99999/',
  'http://user:s3cret@',
  'http://us:er:s3c/ret@h/',
  'http//user:s3cret@h/',
  'user:s3cret@h:80',
  'x=http://us%3Aer:s3cret@h/',
  'http://user:s3cret%zz@h/',
  'http://user:s3cret@h:0/',
])('%s is refused without its password', (endpoint) => {
  let thrown: unknown
  try {
    probeTargets([endpoint])
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(UsageError)
  const { message, cause, hint } = thrown as UsageError
  expect(`${message} ${hint} ${(cause as Error | undefined)?.message} ${JSON.stringify(cause)}`).not.toMatch(
    /s3c/,
  )
})
