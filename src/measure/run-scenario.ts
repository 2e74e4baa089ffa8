import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Backend } from '../backends/backend.ts'
import { planFor, type Plan, type PlannedPath } from '../plan/plan-scenario.ts'
import { InternalError, PathMismatchError, UsageError } from '../errors.ts'
import { plural } from '../plural.ts'
import { describeEnvironment } from '../results/fingerprint.ts'
import { lockHost } from '../results/host-lock.ts'
import { createRunDirectory, reopenRunDirectory } from '../results/run-directory.ts'
import { newRunId } from '../results/run-id.ts'
import { resultSchemaVersion, type JournalEvent, type RunHeader, type RunResult } from '../results/schema.ts'
import { startsPerRestart } from '../results/variants.ts'
import type { RoundPlan, Scenario, ScenarioFile } from '../scenario/types.ts'
import type { Load } from '../load/profiles.ts'
import { expandLoads } from '../load/profiles.ts'
import { withoutMesh } from '../scenario/without-mesh.ts'
import { hopmeterVersion } from '../version.ts'
import { calibrationForRun } from './calibration-store.ts'
import type { VerifyMode } from './options.ts'
import { harmless, type Reporter } from './reporter.ts'
import { ContentsWatch } from './contents-watch.ts'
import { requireResumable, restOfRun, wholeRun } from './resume.ts'
import { measure } from './run.ts'
import type { MeasureOutcome } from './tally.ts'

export interface RunScenarioOptions {
  readonly scenarioFile: ScenarioFile
  readonly backend: Backend
  /** Folder that holds the runs; made when absent. */
  readonly resultsRoot: string
  readonly reporter: Reporter
  readonly signal: AbortSignal
  readonly verify?: VerifyMode | undefined
  /** 32-bit; random when not given. Stored with the run. */
  readonly seed?: number | undefined
  /** What to change of the scenario's own rounds. */
  readonly rounds?: Partial<RoundPlan> | undefined
  /** Replaces the scenario's loads. */
  readonly loads?: readonly Load[] | undefined
  /** Names of the paths to run; all unless given. */
  readonly paths?: readonly string[] | undefined
  /** Tell random halves of requests apart, so that each path has its noise floor; on unless false. */
  readonly control?: boolean | undefined
  /** `none`: every pod outside the mesh, whatever the scenario says. */
  readonly mesh?: 'none' | undefined
  /** What was asked of the testbed beyond the scenario, by the names of flags; kept so that it can be asked again. */
  readonly testbed?: Readonly<Record<string, string>> | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly includeHostname?: boolean | undefined
  /** A run that ended early, to go on with: everything else must be as it was. */
  readonly resume?: { readonly result: RunResult; readonly directory: string } | undefined
}

export interface FinishedRun {
  readonly id: string
  readonly directory: string
  readonly result: RunResult
}

/**
 * Runs a scenario from start to end and keeps the result. Whatever happens, what was measured stays in the journal
 * and a `result.json` is written that says how the run ended.
 * @throws HopmeterError (PathMismatchError in strict mode, InterruptedError on abort, ResultError on a full disk).
 */
export async function runScenario(options: RunScenarioOptions): Promise<FinishedRun> {
  const { scenarioFile, backend, signal } = options
  const reporter = harmless(options.reporter)
  const asked = options.mesh === 'none' ? withoutMesh(scenarioFile.scenario) : scenarioFile.scenario
  const scenario = { ...withPaths(asked, options.paths), loads: options.loads ?? asked.loads }
  const plan = planFor(scenario, backend)
  const switched = backend.switchesVariants === true
  const verify = options.verify ?? defaultVerify(backend)
  const paths = plan.paths.filter((path) => path.rule.possible)
  const loads = expandLoads(scenario.loads)
  const rounds = roundsFor(backend, { ...scenario.rounds, ...options.rounds })
  const resumed = options.resume?.result
  if (resumed) await requireResumable(resumed)
  const seed = resumed?.seed ?? options.seed ?? randomInt(0x1_0000_0000)
  const id = resumed?.id ?? newRunId(scenario.name)
  const lock = await lockHost({ runId: id, scenario: scenario.name })
  try {
    const directory = options.resume
      ? await reopenRunDirectory(id, options.resume.directory)
      : await createRunDirectory(options.resultsRoot, id, scenarioFile.text)
    const contents = new ContentsWatch(resumed)
    const record = async (event: JournalEvent) => {
      const others = contents.see(event)
      await directory.append(event)
      if (others === undefined) return
      reporter.note('warning', others)
      await directory.append({
        type: 'note',
        at: new Date().toISOString(),
        level: 'warning',
        message: others,
      })
    }
    const builds = resumed ? restOfRun(resumed) : wholeRun(rounds)
    try {
      if (resumed) await record(resumeNote(resumed))
      else await record(await describeRun(options, { id, seed, scenario, plan, rounds }))
    } catch (error) {
      await directory.discard()
      throw error
    }
    const end = async (outcome: MeasureOutcome) => {
      const reason = outcome.reason === undefined ? {} : { reason: outcome.reason }
      await record({ type: 'end', at: new Date().toISOString(), status: outcome.status, ...reason })
      return directory.finish()
    }
    const { failureFolder } = directory
    try {
      const outcome = await measure({
        backend,
        plan,
        paths,
        loads,
        switched,
        rounds,
        builds,
        before: resumed?.measured ?? [],
        halves: options.control ?? true,
        seed,
        verify,
        reporter,
        signal,
        failureFolder,
        record,
      })
      return { id, directory: directory.path, result: await end(outcome) }
    } catch (error) {
      // A process that dies because we stopped it is not the reason; the stop is.
      const reason: unknown = signal.aborted ? signal.reason : error
      await end(outcomeOf(reason, signal.aborted)).catch(() => {})
      if (existsSync(failureFolder)) reporter.note('info', `what the testbed said is in ${failureFolder}`)
      throw reason
    }
  } finally {
    await lock.release()
  }
}

interface DescribedRun {
  readonly id: string
  readonly seed: number
  readonly scenario: Scenario
  readonly plan: Plan
  readonly rounds: RoundPlan
}

/** The first line of the journal. */
async function describeRun(
  options: RunScenarioOptions,
  { id, seed, scenario, plan, rounds }: DescribedRun,
): Promise<RunHeader> {
  const { scenarioFile, backend } = options
  const calibration = await calibrationForRun()
  const possible = plan.paths.filter((path) => path.rule.possible)
  return {
    type: 'run',
    schemaVersion: resultSchemaVersion,
    id,
    startedAt: new Date().toISOString(),
    hopmeterVersion,
    scenario: {
      name: scenario.name,
      title: scenario.title,
      hash: scenarioFile.hash,
      text: scenarioFile.text,
    },
    overrides: overridesOf(options),
    seed,
    backend: backend.name,
    ...((backend.clients ?? 1) === 1 ? {} : { clients: backend.clients }),
    verify: options.verify ?? defaultVerify(backend),
    rounds: { ...rounds },
    loads: expandLoads(scenario.loads).map(({ id: loadId, load }) => ({ id: loadId, ...load })),
    paths: [...possible, ...plan.paths.filter((p) => !p.rule.possible)].map((path) =>
      describePath(path, scenario),
    ),
    ...(backend.variants === undefined
      ? {}
      : { variants: backend.variants.map(({ name, settings }) => ({ name, settings: { ...settings } })) }),
    ...(backend.switchesVariants === true ? { switched: true as const } : {}),
    environment: await describeEnvironment({ includeHostname: options.includeHostname ?? false }),
    labels: { ...options.labels },
    ...(calibration === undefined ? {} : { calibration }),
  }
}

function resumeNote(run: RunResult): JournalEvent {
  const { measured, rounds } = run
  const { restarts = 1 } = rounds
  const total = rounds.count * rounds.builds * restarts * startsPerRestart(run)
  const message = `resumed after ${measured.length} of ${plural(total, 'round')}`
  return { type: 'note', at: new Date().toISOString(), level: 'info', message }
}

/** Which way a version takes is what a run of several is to find out, and no reason to end it. */
function defaultVerify({ switchesVariants }: Backend): VerifyMode {
  return switchesVariants === true ? 'warn' : 'strict'
}

/** Where programs cannot be restarted, all rounds are of one start. */
function roundsFor(backend: Backend, rounds: RoundPlan): RoundPlan {
  if (backend.canRestart) return rounds
  return { ...rounds, restarts: 1, count: rounds.count * rounds.restarts }
}

/** @throws UsageError when the scenario has no path of that name. */
function withPaths(scenario: Scenario, names: readonly string[] | undefined): Scenario {
  if (!names || names.length === 0) return scenario
  const known = scenario.paths.map((path) => path.name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new UsageError(`scenario "${scenario.name}" has no path "${unknown}"`, {
      hint: `it has ${known.join(', ')}`,
    })
  }
  return { ...scenario, paths: scenario.paths.filter((path) => names.includes(path.name)) }
}

function outcomeOf(error: unknown, aborted: boolean): MeasureOutcome {
  const reason = error instanceof Error ? error.message : String(error)
  if (aborted && !(error instanceof InternalError)) return { status: 'interrupted', reason }
  return { status: error instanceof PathMismatchError ? 'path-mismatch' : 'failed', reason }
}

function describePath(path: PlannedPath, scenario: Scenario): RunHeader['paths'][number] {
  const { rule } = path
  const addedRttMs = delayBetween(scenario, path.client.cluster, path.server.cluster)
  return {
    name: path.name,
    ...(path.variant === undefined ? {} : { variant: path.variant, scenarioPath: path.scenarioPath }),
    client: { ...path.client },
    server: { ...path.server },
    mesh: path.mesh,
    hops: rule.possible ? rule.hops : null,
    protocol: rule.possible ? rule.protocol : null,
    expected: rule.possible ? rule.components.map((c) => ({ ...c })) : [],
    ...(rule.possible ? {} : { unreachableBecause: rule.reason }),
    ...(addedRttMs === undefined ? {} : { addedRttMs }),
  }
}

function delayBetween({ topology, delays }: Scenario, from: string, to: string): number | undefined {
  const networkOf = (cluster: string) => topology.clusters.find(({ name }) => name === cluster)?.network
  const [a, b] = [networkOf(from), networkOf(to)]
  return delays.find(({ between: [x, y] }) => (x === a && y === b) || (x === b && y === a))?.rttMs
}

/** What flags changed of the scenario; part of what makes two runs comparable. */
function overridesOf(options: RunScenarioOptions): Record<string, string> {
  const { rounds, loads, control, paths, mesh, testbed } = options
  const entries: [string, string][] = Object.entries(rounds ?? {}).map(([key, value]) => [
    `rounds.${key}`,
    String(value),
  ])
  if (loads)
    entries.push([
      'loads',
      expandLoads(loads)
        .map((load) => load.id)
        .join(','),
    ])
  if (paths && paths.length > 0) entries.push(['paths', paths.join(',')])
  if (control === false) entries.push(['control', 'off'])
  if (mesh === 'none') entries.push(['mesh', 'none'])
  for (const [flag, value] of Object.entries(testbed ?? {})) entries.push([`testbed.${flag}`, value])
  return Object.fromEntries(entries)
}
