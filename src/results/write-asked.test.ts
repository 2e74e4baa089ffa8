import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, readlinkSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ResultError } from '../errors.ts'
import { writeAtomically } from './durable.ts'
import { temporaryDirectory } from './testing/temporary.ts'
import { writeWhereAsked } from './write-asked.ts'

/** What may lie under a name of ours in a folder that somebody handed over. */
function traps(folder: string): readonly (readonly [name: string, file: string])[] {
  const at = (name: string) => path.join(folder, name)
  writeFileSync(at('precious'), 'precious')
  mkdirSync(at('elsewhere'))
  symlinkSync(at('precious'), at('link-to-file'))
  symlinkSync(at('elsewhere'), at('link-to-folder'))
  symlinkSync('/dev/null', at('link-to-device'))
  symlinkSync('/dev/zero', at('link-to-zero'))
  symlinkSync(at('nowhere'), at('link-to-nothing'))
  symlinkSync('loop', at('loop'))
  execFileSync('mkfifo', [at('pipe')])
  symlinkSync(at('pipe'), at('link-to-pipe'))
  mkdirSync(at('folder'))
  const names = ['link-to-file', 'link-to-folder', 'link-to-device', 'link-to-zero', 'link-to-nothing']
  return [...names, 'loop', 'pipe', 'link-to-pipe', 'folder'].map((name) => [name, at(name)] as const)
}

test('under a name of ours nothing but a regular file is written to', async () => {
  const folder = temporaryDirectory()
  const before = traps(folder)
  const names = readdirSync(folder)
  for (const [, file] of before) {
    await expect(writeAtomically(file, 'report', '--out')).rejects.toBeInstanceOf(ResultError)
  }
  expect(readdirSync(folder)).toEqual(names)
  expect(readFileSync(path.join(folder, 'precious'), 'utf8')).toBe('precious')
  expect(readdirSync(path.join(folder, 'elsewhere'))).toEqual([])
})

describe('where the user asked', () => {
  test('a link is followed, and stays', async () => {
    const folder = temporaryDirectory()
    const [link, target] = [path.join(folder, 'link'), path.join(folder, 'target')]
    symlinkSync('target', link)
    await writeWhereAsked(link, 'first')
    await writeWhereAsked(link, 'second')
    expect(readFileSync(target, 'utf8')).toBe('second')
    expect(readlinkSync(link)).toBe('target')
    expect(readdirSync(folder)).toEqual(['link', 'target'])
  })

  test('a pipe that nobody reads is refused at once, and one that is read gets everything', async () => {
    const pipe = path.join(temporaryDirectory(), 'pipe')
    execFileSync('mkfifo', [pipe])
    await expect(writeWhereAsked(pipe, 'x')).rejects.toThrow('nobody reads that pipe')
    const text = 'x'.repeat(1 << 20)
    const reader = spawn('wc', ['-c', pipe])
    const counted = new Promise<string>((resolve) => {
      reader.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    })
    // The reader opens it in its own time.
    for (let refused = true; refused;) {
      refused = await writeWhereAsked(pipe, text).then(
        () => false,
        (error: Error) => error.message.includes('nobody reads') || Promise.reject(error),
      )
    }
    expect(Number.parseInt(await counted, 10)).toBe(text.length)
  })

  test('a folder is refused, and a device stays a device', async () => {
    const folder = temporaryDirectory()
    await expect(writeWhereAsked(folder, 'x')).rejects.toThrow('it is a folder')
    const link = path.join(folder, 'null')
    symlinkSync('/dev/null', link)
    await writeWhereAsked(link, 'x')
    expect(readlinkSync(link)).toBe('/dev/null')
    await expect(writeWhereAsked('/dev/full', 'x')).rejects.toThrow('ENOSPC')
    expect(readFileSync('/dev/null', 'utf8')).toBe('')
  })
})
