import { expect, test } from 'vitest'
import { jsonWithoutSecrets, withoutSecrets, withoutUserFolders } from './redact.ts'

const jwt = `eyJhbGciOiJSUzI1NiJ9.${'a1B2'.repeat(8)}.${'c3-D4_'.repeat(6)}`

test.each([
  ['http://user:hunter2@10.0.0.1/', 'http://***@10.0.0.1/'],
  ['cannot reach https://user:p@ss@host:8443/x?y', 'cannot reach https://***@host:8443/x?y'],
  ['proxy socks5h://tok3n@proxy:1080 refused', 'proxy socks5h://***@proxy:1080 refused'],
  ['authorization: Basic dXNlcjpwYXNz', 'authorization: Basic ***'],
  ['-H "Authorization: Bearer abcDEF123"', '-H "Authorization: Bearer ***"'],
  [`token ${jwt} expired`, 'token *** expired'],
  ['kubectl --token hunter2 get pods', 'kubectl --token *** get pods'],
  ['curl --password=hunter2', 'curl --password=***'],
  ['{"token":"hunter2","n":1}', '{"token":"***","n":1}'],
  ['PGPASSWORD=hunter2 MY_API_KEY=hunter2 run', 'PGPASSWORD=*** MY_API_KEY=*** run'],
  ['GET /?a=1&access_token=hunter2&b=2', 'GET /?a=1&access_token=***&b=2'],
  ['client-key-data: LS0tLS1CRUdJTg==', 'client-key-data: ***'],
  ['pull with ghp_0123456789abcdef0123', 'pull with ***'],
  [
    'key\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\nend',
    'key\n-----BEGIN EC PRIVATE KEY-----***-----END EC PRIVATE KEY-----\nend',
  ],
])('%j shows no secret', (text, expected) => {
  expect(withoutSecrets(text)).toBe(expected)
  expect(withoutSecrets(expected)).toBe(expected)
})

test.each([
  'spiffe://cluster.local/ns/hopmeter/sa/client',
  'docker.io/kindest/node@sha256:0123456789abcdef',
  'oci://registry/image@sha256:0123',
  'the server asks for Basic authentication, which is not sent',
  'kind: Secret\nmetadata:\n  name: cacerts',
  'path "single": expected 4, observed 3; token bucket of 10',
  'mail to someone@example.com about http://example.com/',
])('%j holds none and stays', (text) => {
  expect(withoutSecrets(text)).toBe(text)
})

test('JSON stays JSON, and a value whose name says that it is secret is hidden', () => {
  const value = { token: 'hunter2', password: null, secret: { note: 'http://a:b@c/' }, n: 1 }
  expect(JSON.parse(JSON.stringify(value, jsonWithoutSecrets))).toEqual({
    token: '***',
    password: null,
    secret: { note: 'http://***@c/' },
    n: 1,
  })
})

test('takes time in proportion to the text, whatever the text', () => {
  const hostile = ['a://'.repeat(50_000), 'a:b@'.repeat(50_000), '-----BEGIN PRIVATE KEY-----'.repeat(5000)]
  for (const text of [...hostile, `x://${'a@'.repeat(100_000)}`, '--token '.repeat(20_000)]) {
    expect(withoutSecrets(text).length).toBeLessThanOrEqual(text.length)
  }
})

test.each([
  ['cannot read /home/alice/.kube/config', 'cannot read ~/.kube/config'],
  ['in /home/alice: no', 'in ~: no'],
  ['/home/alicent/x and /Users/bob/y', '/home/***/x and /Users/***/y'],
  ['/srv/data/alice/results/x', '/srv/data/***/results/x'],
  ['alice sent 5 requests to /healthz', 'alice sent 5 requests to /healthz'],
])('%j names no user', (text, expected) => {
  expect(withoutUserFolders(text, '/home/alice', 'alice')).toBe(expected)
})

test('root has a home, and its name is no name', () => {
  expect(withoutUserFolders('/root/x /proc/1/root/run', '/root', 'root')).toBe('~/x /proc/1/root/run')
})
