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
