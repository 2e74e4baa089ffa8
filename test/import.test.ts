import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Hopmeter } from './support/hopmeter.ts'

const fixture = fileURLToPath(new URL('../src/report/export/testing/fortio-1.75.3.json', import.meta.url))

let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

test.each([
  ['a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
  ['UTF-16, as Windows shells redirect', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
])('import reads a file with %s', async (_, encode) => {
  const file = path.join(hopmeter.folder, 'fortio.json')
  await writeFile(file, encode(await readFile(fixture, 'utf8')))
  const { code, stdout, stderr } = await hopmeter.run(['import', file])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('loopback sample')
})

test('import - reads standard input', async () => {
  const { code, stdout } = await hopmeter.run(['import', '-'], { input: await readFile(fixture, 'utf8') })
  expect(code).toBe(0)
  expect(stdout).toContain('loopback sample')
})

test('import says what is wrong with a file in one sentence', async () => {
  const { code, stderr } = await hopmeter.run(['import', '-'], { input: '{"RunType":"HTTP"}' })
  expect(code).toBe(1)
  expect(stderr).toContain('not a fortio result: ')
  expect(stderr).not.toContain('because: [')
})
