// Tests of several terminals write the same bundles while each other's programs start from them.
import { build } from 'esbuild'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Whoever reads meanwhile has the old content or the new one, never an empty file: Node runs that without a word. */
export function writeWhole(file, contents) {
  if (existsSync(file) && readFileSync(file).equals(contents)) return
  mkdirSync(path.dirname(file), { recursive: true })
  const beside = `${file}.${process.pid}.new`
  writeFileSync(beside, contents)
  renameSync(beside, file)
}

/** esbuild's `build`, which on its own would empty the files first. */
export async function buildWhole(options) {
  const { outputFiles } = await build({ ...options, write: false })
  for (const { path: file, contents } of outputFiles) writeWhole(file, Buffer.from(contents))
}
