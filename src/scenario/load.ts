import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { readAtMost } from '../bounded-read.ts'
import { ScenarioError, UsageError } from '../errors.ts'
import type { ScenarioProblem } from '../errors.ts'
import { builtInFile, scenarioNames } from './built-in.ts'
import { checkScenario } from './check.ts'
import { scenarioSchema } from './schema.ts'
import { shown, unknownName } from './suggest.ts'
import { toScenario } from './to-scenario.ts'
import type { ScenarioFile } from './types.ts'
import { readYaml } from './yaml-source.ts'

/** Scenario files are some kilobytes; more is a mistake, and YAML of any size can be slow to refuse. */
const maxBytes = 64 * 1024
/** Nobody reads further. */
const maxProblems = 100

/**
 * Checks a scenario's text and fills in defaults.
 * @param source what messages call the text: a file path or a built-in name
 * @throws ScenarioError with every problem and its place
 */
export function parseScenario(text: string, source: string): ScenarioFile {
  if (Buffer.byteLength(text) > maxBytes) throw tooLarge(source)
  const yaml = readYaml(text)
  const findings = yaml.data === undefined ? [] : checkScenario(yaml.data)
  const found = findings
    .slice(0, 10 * maxProblems)
    .map((finding) => yaml.locate(finding))
    // What YAML itself objects to is an unknown field as well; once is enough.
    .filter((problem) => !yaml.problems.some((other) => samePlace(problem, other)))
  const problems = [...yaml.problems, ...found]
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter(
      (problem, i, all) =>
        i === 0 || !(samePlace(problem, all[i - 1]!) && problem.message === all[i - 1]!.message),
    )
  if (problems.length > 0) throw new ScenarioError(source, shortened(problems))
  return {
    scenario: toScenario(scenarioSchema.parse(yaml.data)),
    source,
    text,
    hash: `sha256:${createHash('sha256').update(text).digest('hex')}`,
  }
}

/**
 * Loads a scenario by built-in name, by file path (anything with a slash or a YAML suffix), or from `stdin` for `-`.
 * @throws UsageError when there is no such scenario or file; ScenarioError when it is invalid
 */
export async function loadScenario(
  nameOrPath: string,
  stdin: Readable = process.stdin,
): Promise<ScenarioFile> {
  if (nameOrPath === '-') return parseScenario(await readText(stdin, '<stdin>'), '<stdin>')
  if (/[/\\]|\.ya?ml$/i.test(nameOrPath)) {
    return parseScenario(await readText(createReadStream(nameOrPath), nameOrPath), nameOrPath)
  }
  const unknown = unknownName('scenario', nameOrPath, await scenarioNames())
  if (unknown !== undefined) {
    const hint = `hopmeter list shows all; a file of your own is given by its path, e.g. ./my-scenario.yaml`
    throw new UsageError(unknown, { hint })
  }
  return parseScenario(await readText(createReadStream(builtInFile(nameOrPath)), nameOrPath), nameOrPath)
}

/** Every built-in scenario, in alphabetical order. */
export async function listScenarios(): Promise<readonly ScenarioFile[]> {
  return Promise.all((await scenarioNames()).map((name) => loadScenario(name)))
}

async function readText(stream: Readable, source: string): Promise<string> {
  let bytes: Buffer | undefined
  try {
    bytes = await readAtMost(stream, maxBytes)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === undefined ? message : (readErrors[code] ?? code)
    throw new UsageError(`cannot read scenario ${shown(source)}: ${why}`, { cause: error })
  }
  if (!bytes) throw tooLarge(source)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    const problem = { line: 1, column: 1, message: 'expected YAML in UTF-8, this file is not text' }
    throw new ScenarioError(source, [problem], { cause: error })
  }
}

const readErrors: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
}

function tooLarge(source: string): ScenarioError {
  const message = `a scenario has at most ${maxBytes / 1024} KiB, this one is larger`
  return new ScenarioError(source, [{ line: 1, column: 1, message }])
}

function samePlace(a: ScenarioProblem, b: ScenarioProblem): boolean {
  return a.line === b.line && a.column === b.column
}

function shortened(problems: readonly ScenarioProblem[]): readonly ScenarioProblem[] {
  const rest = problems.slice(maxProblems)
  if (rest.length === 0) return problems
  return [...problems.slice(0, maxProblems), { ...rest[0]!, message: `and ${rest.length} more` }]
}
