import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EnvironmentError } from './errors.ts'
import { makeFolder } from './make-folder.ts'

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-folder-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('makes a folder with its parents, in the mode asked for, and leaves those that exist', () => {
  const root = temporary()
  const folder = path.join(root, 'a', 'b', 'c')
  makeFolder(folder, 0o700)
  makeFolder(folder)
  for (const made of [folder, path.dirname(folder)]) expect(statSync(made).mode & 0o777).toBe(0o700)
})

test('follows a link to a folder', () => {
  const root = temporary()
  makeFolder(path.join(root, 'real'))
  symlinkSync(path.join(root, 'real'), path.join(root, 'link'))
  makeFolder(path.join(root, 'link', 'a'))
  expect(existsSync(path.join(root, 'real', 'a'))).toBe(true)
})

test('fails where a part of the path is a file, or a link that leads nowhere', () => {
  const root = temporary()
  writeFileSync(path.join(root, 'file'), '')
  symlinkSync(path.join(root, 'nowhere'), path.join(root, 'link'))
  for (const name of ['file', 'file/a', 'link', 'link/a/b']) {
    expect(() => makeFolder(path.join(root, name))).toThrow(EnvironmentError)
  }
})

test.skipIf(!existsSync('/proc/self'))('fails, and ends, where the kernel makes no folders', () => {
  expect(() => makeFolder('/proc/hopmeter/a')).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/^cannot make the folder \/proc\/hopmeter\/a: ENOENT/) as string,
      cause: expect.objectContaining({ code: 'ENOENT' }) as Error,
    }),
  )
})
