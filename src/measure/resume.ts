import { ResultError } from '../errors.ts'
import { engineText } from '../results/build-traits.ts'
import { describeEnvironment, environmentHash } from '../results/fingerprint.ts'
import type { BuildEvent, RunResult } from '../results/schema.ts'
import { hopmeterVersion } from '../version.ts'

/** A build to stand up: its number, and which restarts of the run it has, 1-based over the whole run. */
export interface PlannedBuild {
  readonly build: number
  readonly restarts: readonly number[]
}

type RunShape = Pick<RunResult, 'rounds' | 'measured' | 'builds'>

/** All builds of a run that begins. */
export function wholeRun({ builds, restarts = 1 }: RunResult['rounds']): readonly PlannedBuild[] {
  return Array.from({ length: builds }, (_, b) => ({
    build: b + 1,
    restarts: Array.from({ length: restarts }, (__, r) => b * restarts + r + 1),
  }))
}

/**
 * What is left of a run that ended early. Restarts whose rounds are all there are done; those that are not are begun
 * again, as restarts of new builds, because the testbed has to be stood up anew.
 */
export function restOfRun({ rounds, measured, builds }: RunShape): readonly PlannedBuild[] {
  const { restarts = 1, count } = rounds
  const held = new Map<string, number>()
  for (const { build, restart = 1 } of measured) {
    const key = `${build}/${restart}`
    held.set(key, (held.get(key) ?? 0) + 1)
  }
  const done = [...held.values()].filter((own) => own >= count).length
  const firstFree = Math.max(0, ...builds.map(({ build }) => build)) + 1
  const left = Array.from({ length: rounds.builds * restarts - done }, (_, i) => done + i + 1)
  const planned: PlannedBuild[] = []
  for (const place of left) {
    const isNewBuild = planned.length === 0 || (place - 1) % restarts === 0
    if (isNewBuild) planned.push({ build: firstFree + planned.length, restarts: [place] })
    else planned[planned.length - 1] = { ...planned.at(-1)!, restarts: [...planned.at(-1)!.restarts, place] }
  }
  return planned
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

type Contents = Pick<BuildEvent, 'facts' | 'variants'>

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
export function requireSameContents({ id, builds }: Pick<RunResult, 'id' | 'builds'>, now: Contents): void {
  const differences = otherContents(builds[0], now)
  if (differences.length === 0) return
  throw new ResultError(`${id} cannot go on: ${differences.join('; ')}`, {
    hint: 'name images by digest, or start another run; compare takes several runs a side',
  })
}

/**
 * @throws ResultError when the run has nothing left, or was measured by another hopmeter or on another machine: what
 * would be added could not be told from a difference between the two.
 */
export async function requireResumable(run: RunResult): Promise<void> {
  const { id, status, environment } = run
  if (status !== 'interrupted' && status !== 'failed') {
    throw new ResultError(`${id} is ${status}; only a run that ended early can go on`, {
      hint: 'start another: hopmeter run',
    })
  }
  if (restOfRun(run).length === 0)
    throw new ResultError(`${id} has all its rounds; nothing is left to measure`)
  const now = await describeEnvironment()
  const differences = [
    ...(run.hopmeterVersion === hopmeterVersion
      ? []
      : [`hopmeter ${run.hopmeterVersion} then, ${hopmeterVersion} now`]),
    ...(environmentHash(environment) === environmentHash(now)
      ? []
      : Object.keys({ ...environment, ...now })
          .filter((key) => !['loadAverage', 'hostname'].includes(key) && environment[key] !== now[key])
          .map((key) => `${key}: ${String(environment[key])} then, ${String(now[key])} now`)),
  ]
  if (differences.length > 0) {
    throw new ResultError(`${id} cannot go on here: ${differences.join('; ')}`, {
      hint: 'start another run; compare takes several runs a side',
    })
  }
}
