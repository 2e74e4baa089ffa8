import { extraSeries } from '../../load/profiles.ts'
import { engineText } from '../../results/build-traits.ts'
import { outcomesOf } from '../../results/outcomes.ts'
import type { RunResult } from '../../results/schema.ts'
import { scenarioNameOf } from '../../results/variants.ts'
import { componentKey } from '../../topology/component.ts'

const quantiles = ['min', 'p50', 'p90', 'p99', 'p999', 'max', 'mean'] as const

const counts = ['sent', 'received', 'bad', 'errors', 'lost', 'reconnects'] as const
const facts = 'run,scenario,engine,build,restart,round,at,flags,path,hops,load,verdict,requests'.split(',')
/** Of metrics beside the whole time of a request; empty where the load does not measure them. */
const metrics = [...new Set(['connect', 'firstByte', 'wait', 'lag', 'response', ...extraSeries])]
const columns = [
  ...facts,
  ...counts,
  ...quantiles.map((name) => `${name}_ns`),
  ...metrics.flatMap((name) => [`${columnName(name)}_p50_ns`, `${columnName(name)}_p99_ns`]),
  'cpu_ns_per_request',
  // The last one, so that who counts columns still finds the others.
  'variant',
]

/**
 * RFC 4180 CSV with a header line: one row per round, path and load; every round, with its flags. `requests` is the
 * number of latencies behind the quantiles; without any those cells are empty. `sent` is the sum of `received`, `bad`,
 * `errors` and `lost`. `cpu_ns_per_request` is that of all
 * components of the path and the load generator together, where the path had a turn of its own. `variant` is empty in a
 * run without variants; `path` is the name in the scenario, and `engine` that of the variant.
 */
export function toCsv(result: RunResult): string {
  const planned = new Map(result.paths.map((path) => [path.name, path]))
  const rows = result.measured.flatMap((round) =>
    round.paths.map((p) => {
      const path = planned.get(p.path)
      return [
        result.id,
        result.scenario.name,
        engineOf(result, round.build, path?.variant),
        round.build,
        round.restart ?? 1,
        round.round,
        round.at,
        round.flags.join(' '),
        path ? scenarioNameOf(path) : p.path,
        path?.hops ?? '',
        p.load,
        round.evidence.find((e) => e.path === p.path)?.verdict ?? '',
        p.n,
        ...counts.map((name) => ({ reconnects: p.reconnects, ...outcomesOf(p) })[name]),
        ...quantiles.map((name) => p.quantilesNs?.[name] ?? ''),
        ...metrics.flatMap((name) => {
          const values = p.extraQuantilesNs?.[name]
          return [values?.p50 ?? '', values?.p99 ?? '']
        }),
        cpuPerRequest(result, round, p.path, p.load) ?? '',
        path?.variant ?? '',
      ]
    }),
  )
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function engineOf({ builds }: RunResult, number: number, variant: string | undefined): string {
  const build = builds.find((one) => one.build === number)
  const engine = build?.variants?.find(({ name }) => name === variant)?.engine ?? build?.engine
  return engine ? engineText(engine) : ''
}

function cpuPerRequest(
  result: RunResult,
  round: RunResult['measured'][number],
  path: string,
  load: string,
): number | undefined {
  const turn = round.turns?.find((t) => t.load === load && t.paths.length === 1 && t.paths[0] === path)
  const own = round.paths.find((p) => p.path === path && p.load === load)
  const requests = own ? own.received + own.bad : 0
  if (!turn || requests === 0) return undefined
  const expected = new Set(result.paths.find((p) => p.name === path)?.expected.map(componentKey))
  const components = result.components.map((component, i) =>
    expected.has(componentKey(component)) ? (turn.componentCpuMs[i] ?? 0) : 0,
  )
  const cpuMs = components.reduce((sum, ms) => sum + ms, turn.generatorCpuMs)
  return Math.round((cpuMs * 1e6) / requests)
}

/** `firstByte` is `first_byte`. */
function columnName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Text that a spreadsheet would take for a formula gets a leading quote (OWASP, CSV injection). */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
