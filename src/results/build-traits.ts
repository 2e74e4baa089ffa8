import type { RunResult } from './schema.ts'

type Traits = Pick<RunResult, 'backend' | 'builds'>

/** Backends whose CPU counters were coarse, for files of before that was recorded. */
const onceCoarse: ReadonlySet<string> = new Set(['contexts'])

/**
 * Whether stand-ins forwarded the bytes, of any variant, so that the numbers are not those of what they stand for.
 */
export function isSimulated({ builds: [build] }: Pick<Traits, 'builds'>): boolean {
  const engines = build?.variants?.map(({ engine }) => engine) ?? (build ? [build.engine] : [])
  return engines.some(({ name, simulated }) => simulated ?? name.startsWith('lab-'))
}

/** e.g. `istio 1.31.0`. */
export function engineText({ name, version }: Pick<Build['engine'], 'name' | 'version'>): string {
  return `${name} ${version}`
}

/** e.g. `istio 1.31.0`, or `lab-ztunnel 1.30.3 (base), lab-ztunnel 1.31.0 (pr)`; undefined before anything stood. */
export function enginesOf({ builds: [build] }: Pick<Traits, 'builds'>): string | undefined {
  return build && perVariant(build, ({ engine }) => engineText(engine))
}

/** The same of load balancers. */
export function loadBalancersOf({ builds: [build] }: Pick<Traits, 'builds'>): string | undefined {
  return build && perVariant(build, ({ loadBalancer }) => loadBalancer)
}

type Build = Traits['builds'][number]

/** What is said once where all variants have the same. */
function perVariant(build: Build, say: (of: Pick<Build, 'engine' | 'loadBalancer'>) => string): string {
  const said = (build.variants ?? []).map((variant) => ({ name: variant.name, text: say(variant) }))
  if (new Set(said.map(({ text }) => text)).size < 2) return said[0]?.text ?? say(build)
  return said.map(({ name, text }) => `${text} (${name})`).join(', ')
}

/** Whether CPU counters moved too seldom to tell turns and rounds apart. */
export function hasCoarseCpu({ backend, builds: [build] }: Traits): boolean {
  return build?.cpuSource ? !build.cpuSource.perTurn : onceCoarse.has(backend)
}
