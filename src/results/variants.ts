import { UsageError } from '../errors.ts'
import { engineText } from './build-traits.ts'
import type { RunResult } from './schema.ts'

type Path = Pick<RunResult['paths'][number], 'name' | 'scenarioPath'>

/** The name of a path in its scenario, whichever variant of it this is. */
export function scenarioNameOf({ name, scenarioPath }: Path): string {
  return scenarioPath ?? name
}

/** Names of the variants that stood side by side, the baseline first; empty where there was one of everything. */
export function variantNames({ variants }: Pick<RunResult, 'variants'>): readonly string[] {
  return variants?.map(({ name }) => name) ?? []
}

/** @throws UsageError when the run has no such variant */
export function requireVariant(run: Pick<RunResult, 'id' | 'variants'>, variant: string): void {
  const names = variantNames(run)
  if (names.includes(variant)) return
  throw new UsageError(`${run.id} has no variant "${variant}"; it has ${names.join(', ') || 'none'}`)
}

/** What forwarded the bytes of one variant, e.g. `lab-ztunnel 1.31.0`; undefined before anything stood. */
export function variantEngine({ builds }: Pick<RunResult, 'builds'>, variant: string): string | undefined {
  const engine = builds[0]?.variants?.find(({ name }) => name === variant)?.engine
  return engine && engineText(engine)
}

/** The paths of one variant: the name of each, and the one that it has in the scenario. */
export function pathsOfVariant(
  { paths }: Pick<RunResult, 'paths'>,
  variant: string,
): ReadonlyMap<string, string> {
  const own = paths.filter((path) => path.variant === variant)
  return new Map(own.map((path) => [path.name, scenarioNameOf(path)]))
}

/** The paths of a run, those of each variant together, each ladder in the order of its components. */
export function ladderPaths({ paths, variants }: Pick<RunResult, 'paths' | 'variants'>): RunResult['paths'] {
  const order = variantNames({ variants })
  const place = (variant: string | undefined) => (variant === undefined ? -1 : order.indexOf(variant))
  return paths
    .filter((path) => path.hops !== null && path.controlOf === undefined)
    .toSorted((a, b) => place(a.variant) - place(b.variant) || (a.hops ?? 0) - (b.hops ?? 0))
}

/** How many rounds and starts of its own each restart has per round that was asked for: one of each variant. */
export function startsPerRestart({ variants, switched }: Pick<RunResult, 'variants' | 'switched'>): number {
  return switched ? (variants?.length ?? 1) : 1
}
