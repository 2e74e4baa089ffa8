import type { Plan, PlannedPath } from '../backends/plan.ts'

/** A path to measure; a control is another path measured a second time under its own name. */
export interface MeasuredPath extends PlannedPath {
  readonly controlOf?: string | undefined
}

/**
 * Adds the A/A control: the shortest mesh path (or, without a mesh, the first path) once more, over a connection of
 * its own. Whatever difference shows between the two is the noise floor of the run.
 */
export function withControl(plan: Plan, wanted: boolean): readonly MeasuredPath[] {
  const possible = plan.paths.filter((path) => path.rule.possible)
  if (!wanted || possible.length === 0) return possible
  const hops = (path: PlannedPath) => (path.rule.possible ? path.rule.hops : Number.POSITIVE_INFINITY)
  const inMesh = possible.filter((path) => path.mesh === 'ambient')
  const original = (inMesh.length > 0 ? inMesh : possible).toSorted((a, b) => hops(a) - hops(b))[0]!
  const name = `${original.name}-again`
  return possible.some((path) => path.name === name)
    ? possible
    : [...possible, { ...original, name, controlOf: original.name }]
}
