import type { Plan, PlannedPath } from '../backends/plan.ts'

/** A path to measure; a control is another path measured again under its own name. */
export interface MeasuredPath extends PlannedPath {
  readonly controlOf?: string | undefined
}

/**
 * Adds the A/A control: the shortest mesh path (or, without a mesh, the first path) twice more, over connections of
 * their own. Whatever difference shows between the two is the noise floor of the run. A pair with turns of its own,
 * because one more connection among the paths would visit its components twice as often as the others are visited:
 * what is visited more often is warmer, and that path would look cheaper than it is.
 */
export function withControl(plan: Plan, wanted: boolean): readonly MeasuredPath[] {
  const possible = plan.paths.filter((path) => path.rule.possible)
  if (!wanted || possible.length === 0) return possible
  const hops = (path: PlannedPath) => (path.rule.possible ? path.rule.hops : Number.POSITIVE_INFINITY)
  const inMesh = possible.filter((path) => path.mesh === 'ambient')
  const original = (inMesh.length > 0 ? inMesh : possible).toSorted((a, b) => hops(a) - hops(b))[0]!
  const control = `${original.name}-control`
  const again = `${control}-again`
  if (possible.some((path) => path.name === control || path.name === again)) return possible
  return [
    ...possible,
    { ...original, name: control, controlOf: original.name },
    { ...original, name: again, controlOf: control },
  ]
}

/** Paths that share turns: those of one client, controls apart. */
export function turnGroup(path: MeasuredPath): string {
  const client = path.clientWorkload.name
  return path.controlOf === undefined ? client : `${client}#control`
}
