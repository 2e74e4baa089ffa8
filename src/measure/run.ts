import { seededRandom } from '../random.ts'
import { Build } from './build.ts'
import type { MeasureOptions } from './options.ts'
import { measureRestart } from './restart.ts'
import type { PlannedBuild } from './resume.ts'
import { switchOrder } from './switch-order.ts'
import { Tally, type MeasureOutcome } from './tally.ts'
import { tryUnreachable } from './unreachable.ts'

/**
 * Measures a plan: builds of the testbed, restarts of its programs nested in builds, rounds nested in restarts,
 * evidence for every round.
 * @throws PathMismatchError in strict mode as soon as a path is shown to be another than expected;
 *   whatever was recorded until an error stays recorded.
 */
export async function measure(options: MeasureOptions): Promise<MeasureOutcome> {
  const { seed, rounds, builds } = options
  const random = seededRandom(seed)
  // By the place of a restart in the run, so that a run that was interrupted goes on with the seeds it had left.
  const seeds = Array.from({ length: rounds.builds * rounds.restarts }, () => Math.floor(random() * 2 ** 32))
  const tally = new Tally(options)
  for (const build of builds) await measureBuild(options, build, seeds, tally)
  return tally.outcome()
}

async function measureBuild(
  options: MeasureOptions,
  { build: number, restarts }: PlannedBuild,
  seeds: readonly number[],
  tally: Tally,
): Promise<void> {
  const { backend, plan, paths, rounds, halves, seed, reporter, signal, failureFolder, record } = options
  const prefix = rounds.builds > 1 ? `build ${number}/${Math.max(number, rounds.builds)}: ` : ''
  const upStarted = performance.now()
  const progress = (message: string) => reporter.step(prefix + message)
  const note = (message: string) => reporter.note('info', prefix + message)
  const build = await Build.up(backend, plan, { paths, halves }, { signal, progress, note, failureFolder })
  tally.stood()
  try {
    const { engine, variants, cpuSource, delayMethod, loadBalancer, facts } = build.testbed
    const upMs = performance.now() - upStarted
    const at = new Date().toISOString()
    await record({
      type: 'build',
      build: number,
      at,
      engine,
      ...(variants === undefined
        ? {}
        : { variants: variants.map((variant) => ({ ...variant, facts: { ...variant.facts } })) }),
      ...(cpuSource === undefined ? {} : { cpuSource }),
      delayMethod,
      loadBalancer,
      facts: { ...facts },
      upMs,
    })
    const named = options.switched === true ? plan.variants : []
    for (const [i, place] of restarts.entries()) {
      const isLast = i === restarts.length - 1
      const order: readonly (string | undefined)[] =
        named.length === 0 ? [undefined] : switchOrder(named, place, seed)
      for (const variant of order) {
        const ofStart = { seed: seeds[place - 1] ?? seed, variant }
        const which = { build: number, restart: i + 1, of: restarts.length, ...ofStart }
        if (paths.length > 0) await measureRestart(options, build, which, tally, prefix)
        else if (variant !== undefined && isLast) await build.restart({ signal, progress, ...ofStart })
        // What must not be reachable is tried once in a build, of each variant while it stands.
        if (isLast) await tryAll(options, build, number, tally, progress, variant)
      }
    }
  } catch (error) {
    const broke = signal.aborted ? undefined : await build.testbed.whatBroke?.()
    // Whoever stopped it knows why; anything else may be explained by what the testbed says now.
    if (failureFolder !== undefined && build.testbed.saveState && !signal.aborted) {
      progress('keeping what the testbed says')
      await build.testbed.saveState(failureFolder, signal)
    }
    progress(build.downWords)
    await build.downAfterFailure((message) => reporter.note('warning', message))
    throw broke ?? error
  }
  progress(build.downWords)
  await build.down()
}

async function tryAll(
  { plan, reporter, signal, record }: MeasureOptions,
  build: Build,
  number: number,
  tally: Tally,
  progress: (message: string) => void,
  variant: string | undefined,
): Promise<void> {
  const own = plan.paths.filter((path) => variant === undefined || path.variant === variant)
  for (const path of own.filter(({ rule }) => !rule.possible)) {
    signal.throwIfAborted()
    progress(`trying "${path.name}", which must not be reachable`)
    const event = await tryUnreachable(build.testbed, path, number, signal)
    await record(event)
    if (!event.confirmed) tally.unexpected(path.name, `expected no path, but ${event.observed}`)
    else reporter.note('info', `${path.name}: unreachable, as expected (${event.observed})`)
  }
}
