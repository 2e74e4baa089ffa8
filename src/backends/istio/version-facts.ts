import type { Plan } from '../../plan/plan-scenario.ts'
import type { MeshFacts } from './check/mesh-facts.ts'
import { defectsFor } from './version-warnings.ts'

/** Which Istio each cluster runs, by the tag of its istiod. */
export function standingVersions({ clusters }: Pick<MeshFacts, 'clusters'>): ReadonlyMap<string, string> {
  return new Map(
    clusters.flatMap(({ name, controlPlane }): [string, string][] =>
      controlPlane === undefined ? [] : [[name, controlPlane.version]],
    ),
  )
}

/** What a result keeps of versions: where they disagree, and which known defects touch its paths. */
export function versionFacts(
  istio: string,
  plan: Plan,
  disagreements: readonly string[],
): Readonly<Record<string, string>> {
  const defects = defectsFor(istio, plan).map(({ upstream }) => upstream)
  return {
    ...(disagreements.length > 0 ? { versionNotes: disagreements.join('; ') } : {}),
    ...(defects.length > 0 ? { knownDefects: defects.join(', ') } : {}),
  }
}
