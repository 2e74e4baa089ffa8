import { outcomesOf } from './outcomes.ts'
import type { PathEvidence, RecordedComponent, RoundDigest, RunResult } from './schema.ts'
import { pathsOfVariant, requireVariant } from './variants.ts'

type Round = RunResult['measured'][number]

/**
 * One variant out of a run, as a run of its own: its paths under the names that they have in the scenario, its
 * components, its engine. What it shared with the others (the load generator, programs that do not vary) is charged by
 * its share of the requests. Rounds, flags and the state of the host stay as they were.
 * @throws UsageError when the run has no such variant
 */
export function takeVariant(result: RunResult, variant: string): RunResult {
  requireVariant(result, variant)
  const { variants: _, switched: __, ...run } = result
  const own = pathsOfVariant(result, variant)
  const ofPath = <T extends { readonly path: string }>(items: readonly T[]): T[] =>
    items.flatMap((item) => {
      const name = own.get(item.path)
      return name === undefined ? [] : [{ ...item, path: name }]
    })
  const places = result.components.flatMap((component, place) =>
    isOf(component, variant) ? [{ component, place }] : [],
  )
  return {
    ...run,
    paths: result.paths.flatMap(({ variant: _variant, scenarioPath: _name, ...path }) => {
      const name = own.get(path.name)
      return name === undefined ? [] : [{ ...path, name, expected: path.expected.map(plain) }]
    }),
    builds: result.builds.map(({ variants, ...build }) => {
      const stood = variants?.find(({ name }) => name === variant)
      if (!stood) return build
      const { engine, loadBalancer, facts } = stood
      return { ...build, engine, loadBalancer, facts: { ...build.facts, ...facts } }
    }),
    proofs: result.proofs.flatMap((proof) => {
      const evidence = ofPath(proof.evidence).map(plainEvidence)
      return evidence.length === 0 && proof.evidence.length > 0 ? [] : [{ ...proof, evidence }]
    }),
    restarts: result.restarts.filter(isMeasured).map(({ variant: _variant, ...restart }) => ({
      ...restart,
      unsettled: restart.unsettled.flatMap((place) => {
        const [path = '', ...load] = place.split('/')
        const name = own.get(path)
        return name === undefined ? [] : [[name, ...load].join('/')]
      }),
    })),
    components: places.map(({ component }) => plain(component)),
    measured: result.measured.filter(isMeasured).map((round) => takeRound(round, ofPath(round.paths))),
    evidence: ofPath(result.evidence).map((digest) => ({
      ...digest,
      sample: plainEvidence({ ...digest.sample, path: digest.path }),
    })),
    unreachable: ofPath(result.unreachable),
    histograms: ofPath(result.histograms),
  }

  function isMeasured(one: { readonly variant?: string | undefined }): boolean {
    return one.variant === undefined || one.variant === variant
  }

  function takeRound(round: Round, paths: RoundDigest['paths']): Round {
    const isOwn = (path: string) => own.has(path)
    const { turns, throttled, variant: _variant, ...rest } = round
    return {
      ...rest,
      generators: takeGenerators(round),
      paths,
      evidence: ofPath(round.evidence),
      componentCpuMs: chargedTo(round.componentCpuMs, shareOf(round, isOwn)),
      ...(turns === undefined ? {} : { turns: turns.flatMap((turn) => takeTurn(round, turn)) }),
      ...(throttled === undefined
        ? {}
        : {
            throttled: throttled.flatMap((item) =>
              isOf(item.component, variant) ? [{ ...item, component: plain(item.component) }] : [],
            ),
          }),
    }
  }

  /** Pods of a generator are known by the place of their turn only, so they go where it goes. */
  function takeGenerators({ turns = [], generators }: Round): Round['generators'] {
    if (turns.length === 0) return generators
    const pods = generators.length / turns.length
    return turns.flatMap(({ paths }, i) =>
      paths.some((path) => own.has(path)) ? generators.slice(i * pods, (i + 1) * pods) : [],
    )
  }

  function takeTurn(round: Round, turn: NonNullable<Round['turns']>[number]) {
    const paths = turn.paths.flatMap((path) => own.get(path) ?? [])
    if (paths.length === 0) return []
    const ofTurn = { paths: round.paths.filter((p) => p.load === turn.load && turn.paths.includes(p.path)) }
    const share = shareOf(ofTurn, (path) => own.has(path))
    const componentCpuMs = chargedTo(turn.componentCpuMs, share)
    return [{ ...turn, paths, generatorCpuMs: turn.generatorCpuMs * share, componentCpuMs }]
  }

  function chargedTo(cpuMs: readonly (number | null)[], share: number): (number | null)[] {
    return places.map(({ component, place }) => {
      const ms = cpuMs[place] ?? null
      return ms === null || component.variant !== undefined ? ms : ms * share
    })
  }
}

/** Of the variant, or of none. */
function isOf(component: RecordedComponent, variant: string): boolean {
  return component.variant === undefined || component.variant === variant
}

/** Requests on these paths among all of the round. */
function shareOf({ paths }: Pick<Round, 'paths'>, isOwn: (path: string) => boolean): number {
  const sum = (list: Round['paths']) => list.reduce((total, path) => total + outcomesOf(path).sent, 0)
  const all = sum(paths)
  return all === 0 ? 0 : sum(paths.filter(({ path }) => isOwn(path))) / all
}

/** Without its variant. */
function plain({ variant: _variant, ...component }: RecordedComponent): RecordedComponent {
  return component
}

function plainEvidence<E extends PathEvidence>(seen: E): E {
  return {
    ...seen,
    observed: seen.observed.map(plain),
    hops: seen.hops.map((hop) => ({ ...hop, component: plain(hop.component) })),
  }
}
