import { expect, test } from 'vitest'
import { closing } from '../testing/closing.ts'
import { goodResponse, startScriptedServer } from '../testing/scripted-server.ts'
import { firstReachable, resolveTargets } from './resolve-targets.ts'

const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.1'].map((address) => ({ address, family: 4 }))

test('of several addresses it is the first that lets us connect', async () => {
  const server = closing(await startScriptedServer((socket) => socket.write(goodResponse())))
  expect(await firstReachable(addresses, server.port, 2000)).toBe('127.0.0.1')
  expect(await firstReachable(addresses.toReversed(), server.port, 2000)).toBe('127.0.0.1')
})

test('where none lets us connect it is the first, so that the requests say what is wrong', async () => {
  const server = await startScriptedServer(() => {})
  await server.close()
  expect(await firstReachable(addresses, server.port, 2000)).toBe('127.0.0.2')
})

test('a name that does not resolve is named', async () => {
  const targets = [{ path: 'p', host: 'no-such-host.invalid', port: 1 }]
  await expect(resolveTargets({ targets, timeoutMs: 1000 })).rejects.toThrow(
    'cannot find the address of "no-such-host.invalid"',
  )
})
