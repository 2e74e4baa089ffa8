import type { RunResult } from '../../results/schema.ts'

const quantiles = ['min', 'p50', 'p90', 'p99', 'p999', 'max', 'mean'] as const

const counts = ['sent', 'received', 'bad', 'errors', 'lost', 'reconnects'] as const
const facts = 'run,scenario,engine,build,round,at,flags,path,hops,load,verdict,requests'.split(',')
const columns = [...facts, ...counts, ...quantiles.map((name) => `${name}_ns`)]

/**
 * RFC 4180 CSV with a header line: one row per round, path and load; every round, with its flags. `requests` is the
 * number of latencies behind the quantiles; without any those cells are empty.
 */
export function toCsv(result: RunResult): string {
  const hops = new Map(result.paths.map((path) => [path.name, path.hops]))
  const engines = new Map(
    result.builds.map(({ build, engine }) => [build, `${engine.name} ${engine.version}`]),
  )
  const rows = result.measured.flatMap((round) =>
    round.paths.map((p) => [
      result.id,
      result.scenario.name,
      engines.get(round.build) ?? '',
      round.build,
      round.round,
      round.at,
      round.flags.join(' '),
      p.path,
      hops.get(p.path) ?? '',
      p.load,
      round.evidence.find((e) => e.path === p.path)?.verdict ?? '',
      p.n,
      ...counts.map((name) => p[name]),
      ...quantiles.map((name) => p.quantilesNs?.[name] ?? ''),
    ]),
  )
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** Text that a spreadsheet would take for a formula gets a leading quote (OWASP, CSV injection). */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
