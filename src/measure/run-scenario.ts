import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Backend } from '../backends/backend.ts'
import { planScenario } from '../backends/plan.ts'
import { PathMismatchError, UsageError } from '../errors.ts'
import { describeEnvironment } from '../results/fingerprint.ts'
import { lockHost } from '../results/host-lock.ts'
import { createRunDirectory } from '../results/run-directory.ts'
import { newRunId } from '../results/run-id.ts'
import { resultSchemaVersion, type RunHeader, type RunResult } from '../results/schema.ts'
import type { Load, RoundPlan, Scenario, ScenarioFile } from '../scenario/types.ts'
import { withoutMesh } from '../scenario/without-mesh.ts'
import { hopmeterVersion } from '../version.ts'
import { calibrationForRun } from './calibration-store.ts'
import { withControl, type MeasuredPath } from './control.ts'
import { expandLoads } from './loads.ts'
import type { VerifyMode } from './options.ts'
import type { Reporter } from './reporter.ts'
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
  /** Measure one path twice as the A/A control; on unless false. */
  readonly control?: boolean | undefined
  /** `none`: every pod outside the mesh, whatever the scenario says. */
  readonly mesh?: 'none' | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly includeHostname?: boolean | undefined
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
  const { scenarioFile, backend, reporter, signal } = options
  const asked = options.mesh === 'none' ? withoutMesh(scenarioFile.scenario) : scenarioFile.scenario
  const scenario = withPaths(asked, options.paths)
  const plan = planScenario(scenario)
  const paths = withControl(plan, options.control ?? true)
  const loads = expandLoads(options.loads ?? scenario.loads)
  const rounds = { ...scenario.rounds, ...options.rounds }
  const seed = options.seed ?? randomInt(0x1_0000_0000)
  const id = newRunId(scenario.name)
  const lock = await lockHost({ runId: id, scenario: scenario.name })
  try {
    const calibration = await calibrationForRun()
    const directory = await createRunDirectory(options.resultsRoot, id, scenarioFile.text)
    const header: RunHeader = {
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
      verify: options.verify ?? 'strict',
      rounds: { ...rounds },
      loads: loads.map(({ id: loadId, load }) => ({ id: loadId, ...load })),
      paths: [...paths.map(describePath), ...plan.paths.filter((p) => !p.rule.possible).map(describePath)],
      environment: await describeEnvironment({ includeHostname: options.includeHostname ?? false }),
      labels: { ...options.labels },
      ...(calibration === undefined ? {} : { calibration }),
    }
    const record = (event: Parameters<typeof directory.append>[0]) => directory.append(event)
    await record(header)
    const end = async (outcome: MeasureOutcome) => {
      const reason = outcome.reason === undefined ? {} : { reason: outcome.reason }
      await record({ type: 'end', at: new Date().toISOString(), status: outcome.status, ...reason })
      return directory.finish()
    }
    const verify = header.verify
    const { failureFolder } = directory
    try {
      const outcome = await measure({
        backend,
        plan,
        paths,
        loads,
        rounds,
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
  if (aborted) return { status: 'interrupted', reason }
  return { status: error instanceof PathMismatchError ? 'path-mismatch' : 'failed', reason }
}

function describePath(path: MeasuredPath): RunHeader['paths'][number] {
  const { rule } = path
  return {
    name: path.name,
    client: { ...path.client },
    server: { ...path.server },
    mesh: path.mesh,
    hops: rule.possible ? rule.hops : null,
    protocol: rule.possible ? rule.protocol : null,
    expected: rule.possible ? rule.components.map((c) => ({ ...c })) : [],
    ...(rule.possible ? {} : { unreachableBecause: rule.reason }),
    ...(path.controlOf === undefined ? {} : { controlOf: path.controlOf }),
  }
}

/** What flags changed of the scenario; part of what makes two runs comparable. */
function overridesOf({ rounds, loads, control, paths, mesh }: RunScenarioOptions): Record<string, string> {
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
  return Object.fromEntries(entries)
}
