import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeWhole } from '../scripts/write-whole.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-whole-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('whoever reads a bundle while it is written has all of the old one', () => {
  const file = path.join(folder, 'agent.mjs')
  writeFileSync(file, 'old')
  const reader = openSync(file, 'r')
  writeWhole(file, Buffer.from('new, and longer'))
  expect(readFileSync(reader, 'utf8')).toBe('old')
  closeSync(reader)
  expect(readFileSync(file, 'utf8')).toBe('new, and longer')
  expect(readdirSync(folder)).toEqual(['agent.mjs'])
})

test('folders that are missing are made', () => {
  const file = path.join(folder, 'dist', 'agent.mjs')
  writeWhole(file, Buffer.from('new'))
  expect(readFileSync(file, 'utf8')).toBe('new')
})
