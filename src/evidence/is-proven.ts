import type { RunResult } from '../results/schema.ts'

type Measured = Pick<RunResult, 'measured'>

/**
 * Whether a path was shown, in every round that measured it, to visit exactly the components that it must. A round
 * without evidence shows nothing, and a trail that ends before the server is no proof.
 */
export function isProven({ measured }: Measured, path: string): boolean {
  let rounds = 0
  for (const { evidence, paths } of measured) {
    const own = evidence.filter((e) => e.path === path)
    if (own.length === 0 && !paths.some((p) => p.path === path)) continue
    if (own.length === 0 || own.some(({ verdict }) => verdict !== 'proven')) return false
    rounds += 1
  }
  return rounds > 0
}

/** The paths of a run that are proven, their A/A controls among them. */
export function provenPaths(run: Measured & Pick<RunResult, 'paths'>): ReadonlySet<string> {
  const names = run.paths.filter((path) => path.hops !== null).map((path) => path.name)
  return new Set(names.filter((name) => isProven(run, name)))
}
