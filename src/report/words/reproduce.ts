import type { RunResult } from '../../results/schema.ts'
import { isBuiltIn } from '../../scenario/built-in.ts'
import { pasteable } from '../../shell-words.ts'

const scenarioFile = 'scenario.yaml'
const testbedPrefix = 'testbed.'

/** The command that measures the same again, for a shell. */
export function reproduceCommand(result: RunResult): string {
  return pasteable('hopmeter', reproduceArguments(result))
}

/** What the command needs that it cannot say itself. */
export function reproduceRemarks(result: RunResult): string[] {
  const { overrides, scenario } = result
  const loads = overrides['loads']
  return [
    ...(isBuiltIn(scenario.name, scenario.text)
      ? []
      : [`${scenarioFile} is the scenario as it was measured; it is kept in the folder of the run.`]),
    ...(loads === undefined
      ? []
      : [
          `The program that started this run replaced the loads of the scenario by ${loads}: put them into the scenario file.`,
        ]),
    ...(reproduceArguments(result).some((word) => /=(?:KUBECONFIG|CONTEXT|FILE)(?:,|$)/.test(word))
      ? ['Words in capitals are for you to fill in: results do not name your files and contexts.']
      : []),
  ]
}

/** The same as arguments, verb first: whatever of a run's flags shaped its numbers. */
export function reproduceArguments(result: RunResult): string[] {
  const { backend, clients, environment, labels, overrides, rounds, scenario, seed, verify } = result
  return [
    'run',
    isBuiltIn(scenario.name, scenario.text) ? scenario.name : scenarioFile,
    `--backend=${backend}`,
    ...testbedArguments[backend](result),
    ...(clients === undefined ? [] : [`--clients=${clients}`]),
    ...(overrides['mesh'] === 'none' ? ['--mesh=none'] : []),
    `--builds=${rounds.builds}`,
    `--restarts=${rounds.restarts ?? 1}`,
    `--rounds=${rounds.count}`,
    `--duration=${rounds.durationMs}ms`,
    `--warmup=${rounds.warmupMs}ms`,
    `--seed=${seed}`,
    ...(verify === 'strict' ? [] : [`--verify=${verify}`]),
    ...(overrides['control'] === 'off' ? ['--no-control'] : []),
    ...wordsOf(overrides['paths']).map((name) => `--path=${name}`),
    ...Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`),
    ...(environment.hostname === undefined ? [] : ['--include-host']),
  ]
}

/** What each backend needs to be told beyond the scenario. */
const testbedArguments: Readonly<Record<RunResult['backend'], (result: RunResult) => string[]>> = {
  lab: ({ overrides }) => askedArguments(overrides),
  kind: ({ builds, overrides }) => {
    const engine = builds[0]?.engine
    // What was not asked for was the default of that version of hopmeter, and may not be that of this one.
    const isDefault = !Object.keys(overrides).some((key) => /^testbed\.istio(-tag)?$/.test(key))
    const version = isDefault && engine?.name === 'istio' ? [`--istio=${engine.version}`] : []
    return [...version, ...askedArguments(overrides)]
  },
  contexts: ({ overrides, paths }) => {
    const clusters = new Set(
      paths.flatMap(({ client, server, expected }) =>
        [client, server, ...expected].map(({ cluster }) => cluster),
      ),
    )
    const contexts = [...clusters].map((cluster) => `--context=${cluster}=CONTEXT`)
    return ['--kubeconfig=KUBECONFIG', ...contexts, ...askedArguments(overrides)]
  },
}

/** The flags that were given for the testbed; a flag that was given more than once has a line for each time. */
function askedArguments(overrides: RunResult['overrides']): string[] {
  return Object.entries(overrides)
    .filter(([key]) => key.startsWith(testbedPrefix))
    .flatMap(([key, lines]) =>
      lines.split('\n').map((value) => `--${key.slice(testbedPrefix.length)}=${value}`),
    )
}

function wordsOf(names = ''): string[] {
  return names.split(/[\s,]+/).filter((name) => name !== '')
}
