import { istioWarnings } from '../backends/registry.ts'
import { planScenario } from '../plan/plan-scenario.ts'
import type { RunResult } from '../results/schema.ts'
import { parseScenario } from '../scenario/load.ts'
import { withoutMesh } from '../scenario/without-mesh.ts'

/** What is written down of the Istio versions of these runs that touches their paths, a line each. */
export async function knownOfVersions(runs: readonly RunResult[]): Promise<readonly string[]> {
  const each = await Promise.all(
    runs.map(async (run) => {
      const plan = planOf(run)
      return plan === undefined ? [] : await istioWarnings(versionsOf(run), plan)
    }),
  )
  const disagreements = runs.flatMap(({ builds }) =>
    builds.flatMap(({ facts }) => facts['versionNotes'] ?? []),
  )
  return [...new Set([...disagreements, ...each.flat()])]
}

/** Real Istio only: of what the lab puts together, its own defects are another matter. */
function versionsOf({ builds: [build], variants }: RunResult): readonly string[] {
  const asked = new Map(variants?.map(({ name, settings }) => [name, settings['istio']]))
  const engines =
    build?.variants?.map(({ name, engine }) => ({ ...engine, version: asked.get(name) ?? engine.version })) ??
    (build ? [build.engine] : [])
  return engines.flatMap(({ name, version }) => (name === 'istio' ? [version] : []))
}

function planOf({ scenario: { name, text }, overrides }: RunResult) {
  try {
    const { scenario } = parseScenario(text, name)
    return planScenario(overrides['mesh'] === 'none' ? withoutMesh(scenario) : scenario)
  } catch {
    // A scenario of another hopmeter's: what it measured can be shown all the same.
    return undefined
  }
}
