import { PathMismatchError } from '../errors.ts'
import { plural } from '../plural.ts'
import type { PlannedPath } from '../plan/plan-scenario.ts'
import type { EndStatus, PathEvidence, RoundEvent } from '../results/schema.ts'
import type { MeasureOptions } from './options.ts'
import { voidShare } from './validity.ts'

export interface MeasureOutcome {
  readonly status: EndStatus
  readonly reason?: string | undefined
}

type TallyOptions = Pick<
  MeasureOptions,
  'verify' | 'reporter' | 'rounds' | 'builds' | 'before' | 'switched'
> & {
  readonly paths?: readonly Pick<PlannedPath, 'name' | 'scenarioPath' | 'variant'>[]
}

/** What has been seen so far in a run, and what follows from it. */
export class Tally {
  readonly #options: TallyOptions
  readonly #proven = new Set<string>()
  readonly #mismatches: { readonly path: string; readonly message: string }[] = []
  readonly #now: () => number
  /** End of the last round, or of what comes before the first. */
  #mark: number
  #standingMs = 0
  #stood = 0
  /** Restarting, proving and warming up, of the starts that came to their rounds. */
  #startingMs = 0
  #starts = 0
  #roundsMs = 0
  #done = 0
  #flagged = 0

  /** @param now clock of the time left, ms */
  constructor(options: TallyOptions, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
    this.#mark = now()
  }

  /** The testbed of a build stands. */
  stood(): void {
    this.#stood += 1
    this.#standingMs += this.#sinceMark()
  }

  /** A restart is about to measure its first round. */
  beginRounds(): void {
    this.#starts += 1
    this.#startingMs += this.#sinceMark()
  }

  add(event: RoundEvent): void {
    this.#done += 1
    this.#roundsMs += this.#sinceMark()
    if (event.flags.length > 0) this.#flagged += 1
  }

  /** @throws PathMismatchError in strict mode. */
  judge(evidence: readonly PathEvidence[], isProof: boolean): void {
    for (const item of evidence) {
      if (item.verdict === 'proven') this.#proven.add(item.path)
      // Before the first round even a trail that merely ends is reason enough to stop.
      if (item.verdict === 'mismatch' || (isProof && item.verdict === 'unproven')) {
        this.unexpected(item.path, item.reasons.join('; '))
      }
    }
  }

  unexpected(path: string, reason: string): void {
    const { verify, reporter, switched = false } = this.#options
    const message = `${path}: ${reason}`
    if (verify === 'strict') {
      throw new PathMismatchError(`path not as expected: ${message}`, {
        hint: 'the evidence is kept with the run; --verify warn measures nevertheless and marks the result',
      })
    }
    const isTold = this.#mismatches.some((one) => !switched || one.path === path)
    if (!isTold && verify === 'warn') reporter.note('warning', `path not as expected: ${message}`)
    this.#mismatches.push({ path, message })
  }

  /**
   * The time left is what rounds took so far, for builds to come what it took to stand the others up, and for restarts
   * to come what it took to come to their rounds.
   */
  progress(): { done: number; total: number; leftMs: number } {
    const { builds, rounds, switched, paths = [] } = this.#options
    const each = switched ? new Set(paths.map(({ variant }) => variant)).size : 1
    const restarts = each * builds.reduce((sum, build) => sum + build.restarts.length, 0)
    const total = rounds.count * restarts
    const perRoundMs = this.#roundsMs / Math.max(1, this.#done)
    const perStartMs = this.#startingMs / Math.max(1, this.#starts)
    const perStandMs = this.#standingMs / Math.max(1, this.#stood)
    const leftMs =
      perRoundMs * (total - this.#done) +
      perStartMs * (restarts - this.#starts) +
      perStandMs * (builds.length - this.#stood)
    return { done: this.#done, total, leftMs }
  }

  outcome(): MeasureOutcome {
    const wrong = this.#mismatches.find(({ path }) => !this.#isOfOneVariant(path))
    if (wrong) return { status: 'path-mismatch', reason: wrong.message }
    const { before } = this.#options
    const flagged = this.#flagged + before.filter(({ flags }) => flags.length > 0).length
    const done = this.#done + before.length
    if (flagged > voidShare * done) {
      const reason = `${flagged} of ${plural(done, 'round')} ${flagged === 1 ? 'is' : 'are'} flagged; more than ${voidShare * 100} % make a run void`
      return { status: 'void', reason }
    }
    return { status: 'complete' }
  }

  /**
   * Where a path goes another way in one version and the right way in another, that is what the run was to find out;
   * where no version takes it, the testbed is not what it should be.
   */
  #isOfOneVariant(path: string): boolean {
    const { switched, paths = [] } = this.#options
    const own = paths.find(({ name }) => name === path)
    if (!switched || !own) return false
    return paths.some(
      ({ name, scenarioPath }) =>
        name !== path && scenarioPath === own.scenarioPath && this.#proven.has(name),
    )
  }

  #sinceMark(): number {
    const before = this.#mark
    this.#mark = this.#now()
    return this.#mark - before
  }
}
