import { ResultError } from '../errors.ts'
import { engineText } from '../results/build-traits.ts'
import type { BuildEvent, JournalEvent, RestartEvent, RunResult } from '../results/schema.ts'

/** Looks whether what is measured later in a run is still made of the same images and files. */
export class ContentsWatch {
  readonly #resumed: RunResult | undefined
  #firstBuild: Contents | undefined
  /** Of each variant, where they are switched. */
  readonly #firstStarts = new Map<string, Contents>()

  /** @param resumed the run that goes on, if one does: of that nothing may be another */
  constructor(resumed?: RunResult) {
    this.#resumed = resumed
    this.#firstBuild = resumed?.builds[0]
    for (const { variant, facts } of resumed?.restarts ?? []) this.#remember(variant, facts)
  }

  /**
   * @returns what is another than at first, in words; undefined where nothing is
   * @throws ResultError where a resumed run cannot go on with it
   */
  see(event: JournalEvent): string | undefined {
    if (event.type === 'build') return this.#seeBuild(event)
    return event.type === 'restart' ? this.#seeStart(event) : undefined
  }

  #seeBuild(event: BuildEvent): string | undefined {
    if (this.#resumed) {
      requireSameEngine(this.#resumed, event)
      requireSameContents(this.#resumed, event)
    }
    const others = otherContents(this.#firstBuild, event)
    this.#firstBuild ??= event
    if (others.length === 0) return undefined
    return `build ${event.build} is made of other images or files than the first: ${others.join('; ')}`
  }

  #seeStart({ variant, facts, restart }: RestartEvent): string | undefined {
    if (variant === undefined || facts === undefined) return undefined
    const first = this.#firstStarts.get(variant)
    if (this.#resumed && first) requireSameContents(this.#resumed, { facts }, first)
    const others = otherContents(first, { facts })
    this.#remember(variant, facts)
    if (others.length === 0) return undefined
    return `${variant} of restart ${restart} is made of other images than its first start: ${others.join('; ')}`
  }

  #remember(variant: string | undefined, facts: RestartEvent['facts']): void {
    if (variant === undefined || facts === undefined || this.#firstStarts.has(variant)) return
    this.#firstStarts.set(variant, { facts })
  }
}

type EnginesOfBuild = Pick<BuildEvent, 'engine' | 'variants'>

/** @throws ResultError when another engine stands now than the run began with */
export function requireSameEngine({ id, builds }: RunResult, build: EnginesOfBuild): void {
  const [first] = builds
  if (!first) return
  const [then, now] = [first, build].map(({ engine, variants }) =>
    variants === undefined
      ? engineText(engine)
      : variants.map((one) => `${one.name}: ${engineText(one.engine)}`).join(', '),
  )
  if (then === now) return
  throw new ResultError(`${id} cannot go on: it was measured on ${then}, and this is ${now}`, {
    hint: 'start another run; compare takes several runs a side',
  })
}

/**
 * What was not the same bytes in a later build of a run: images by digest and files by checksum, as `NAME: THEN, NOW`.
 * A tag may be moved, and a file written anew, between two builds. What one of the two does not know is not compared.
 */
export function otherContents(first: Contents | undefined, now: Contents): readonly string[] {
  const then = first ? namedFacts(first) : {}
  return Object.entries(namedFacts(now)).flatMap(([name, value]) => {
    const before = then[name]
    const areKnown = before !== undefined && isContent(name, before) && isContent(name, value)
    return areKnown && before !== value ? [`${name}: ${before} then, ${value} now`] : []
  })
}

type Contents = Pick<BuildEvent, 'facts'> & Partial<Pick<BuildEvent, 'variants'>>

/** With variants each has facts of its own. */
function namedFacts({ facts, variants = [] }: Contents): Readonly<Record<string, string>> {
  const own = variants.flatMap(({ name, facts: theirs }) =>
    Object.entries(theirs).map(([fact, value]) => [`${fact} (${name})`, value] as const),
  )
  return { ...facts, ...Object.fromEntries(own) }
}

function isContent(name: string, value: string): boolean {
  return value.includes('@sha256:') || (/Sha256(?: \(|$)/.test(name) && /^[0-9a-f]{64}$/.test(value))
}

/** @throws ResultError when what stands now is made of other images or files than what the run began with */
export function requireSameContents(
  { id, builds }: Pick<RunResult, 'id' | 'builds'>,
  now: Contents,
  then: Contents | undefined = builds[0],
): void {
  const differences = otherContents(then, now)
  if (differences.length === 0) return
  throw new ResultError(`${id} cannot go on: ${differences.join('; ')}`, {
    hint: 'name images by digest, or start another run; compare takes several runs a side',
  })
}
