import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The scenarios that come with hopmeter; the same folder from `src/` and from `dist/`. */
const folder = fileURLToPath(new URL('../../scenarios/', import.meta.url))

/** Names of the built-in scenarios, in alphabetical order. */
export async function scenarioNames(): Promise<readonly string[]> {
  const files = await readdir(folder)
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => path.basename(file, '.yaml'))
    .toSorted()
}

export function builtInFile(name: string): string {
  return path.join(folder, `${name}.yaml`)
}

/** Whether a built-in scenario of this name has exactly this text, in this version of hopmeter. */
export function isBuiltIn(name: string, text: string): boolean {
  // Names come from results, which may be a stranger's.
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return false
  try {
    return readFileSync(builtInFile(name), 'utf8') === text
  } catch {
    return false
  }
}
