import { rm, writeFile } from 'node:fs/promises'
import type { Anchor } from '../anchor.ts'

/** Path of a file of a program, as the program sees it: in the tmpfs that the lab alone sees and that ends with it. */
export function privatePath(program: string, file: string): string {
  return `/run/hopmeter-${program}-${file}`
}

/** The same file as hopmeter sees it from outside. */
export function outsidePath(anchor: Anchor, path: string): string {
  return `/proc/${anchor.pid}/root${path}`
}

/** Writes a file that only its owner may read. It never touches a disk. */
export async function writePrivateFile(anchor: Anchor, path: string, content: string): Promise<void> {
  await removePrivateFile(anchor, path)
  await writeFile(outsidePath(anchor, path), content, { mode: 0o600, flag: 'wx' })
}

export async function removePrivateFile(anchor: Anchor, path: string): Promise<void> {
  await rm(outsidePath(anchor, path), { force: true })
}
