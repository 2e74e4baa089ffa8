import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { UsageError } from '../errors.ts'
import { createBackend } from './backends.ts'
import { clientCount } from './options.ts'

test('the lab refuses several clients, and says which backends have them', async () => {
  expect((await createBackend('lab', { clients: 1 })).name).toBe('lab')
  await expect(createBackend('lab', { clients: 2 })).rejects.toThrow(UsageError)
  await expect(createBackend('lab', { clients: 2 })).rejects.toThrow(/not supported on the lab backend/)
})

test('kind and contexts say how many clients they make, which is one unless told', async () => {
  const context = { context: { east: 'a' }, kubeconfig: 'file' }
  expect((await createBackend('kind', { clients: 3 })).clients).toBe(3)
  expect((await createBackend('contexts', { ...context, clients: 3 })).clients).toBe(3)
  expect((await createBackend('kind')).clients).toBe(1)
})

test.for(['0', '101', '-1', '1.5', 'many', ''])('--clients %s is refused', (text) => {
  expect(() => clientCount(text)).toThrow(InvalidArgumentError)
})
