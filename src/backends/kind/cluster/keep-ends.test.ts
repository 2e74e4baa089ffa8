import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepEnds } from './keep-ends.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-logs-'))
  mkdirSync(path.join(folder, 'node', 'pods'), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('keeps the last whole lines of a long log, says what is missing, and leaves short ones as they are', () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}`).join('\n')
  const [long, short] = [path.join(folder, 'node', 'kubelet.log'), path.join(folder, 'node', 'pods', '0.log')]
  writeFileSync(long, lines)
  writeFileSync(short, 'line 0\n')
  keepEnds(folder, 100)
  const [said, ...kept] = readFileSync(long, 'utf8').split('\n')
  expect(lines.endsWith(`\n${kept.join('\n')}`)).toBe(true)
  expect(kept.join('\n').length).toBeGreaterThan(80)
  expect(said).toBe(`(${lines.length - kept.join('\n').length} bytes before this are not kept)`)
  expect(readFileSync(short, 'utf8')).toBe('line 0\n')
})
