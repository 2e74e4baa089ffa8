import { enginesOf } from '../../results/build-traits.ts'
import type { RunResult } from '../../results/schema.ts'
import { scenarioNameOf } from '../../results/variants.ts'
import { roundsRemark, type RoundChoice } from './distribution.ts'

const quantiles = ['p50', 'p90', 'p99', 'mean'] as const

/**
 * Go benchmark format (golang.org/design/14313-benchmark-format, x/perf/benchfmt): one line per round and path, so
 * that `benchstat -col /path run.txt` compares paths, `-col /variant` the variants of a run, and
 * `benchstat -col engine a.txt b.txt` engines. Units end in
 * `-ns`, which benchstat turns into seconds. Its test is unpaired and so sees less than hopmeter's own comparison.
 */
export function toBenchfmt(result: RunResult, rounds: RoundChoice = 'valid'): string {
  const { environment } = result
  const config = {
    goos: 'linux',
    goarch: environment.architecture === 'x64' ? 'amd64' : environment.architecture,
    cpu: environment.cpuModel,
    scenario: result.scenario.name,
    backend: result.backend,
    engine: enginesOf(result),
  }
  const lines = [
    // Keys of the configuration split benchstat's tables, so what differs from run to run is a remark.
    `# hopmeter ${result.hopmeterVersion}, run ${result.id}, ${roundsRemark(result, rounds)}`,
    ...Object.entries(config).flatMap(([key, value]) => (value ? [`${key}: ${value}`] : [])),
    ...quantiles.map((name) => `Unit ${name}-ns better=lower`),
  ].map(oneLine)
  const nameOf = pathNamer(result)
  for (const round of result.measured) {
    if (rounds === 'valid' && round.flags.length > 0) continue
    for (const { path, load, n, quantilesNs } of round.paths) {
      if (!quantilesNs) continue
      const values = quantiles.map((name) => `${quantilesNs[name]} ${name}-ns`).join(' ')
      lines.push(`BenchmarkPath/${nameOf(path)}/load=${word(load)}-${environment.cores} ${n} ${values}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** `path=gateway`, and of a variant `path=gateway/variant=pr`: benchstat takes each part by its key. */
function pathNamer({ paths }: RunResult): (path: string) => string {
  const planned = new Map(paths.map((path) => [path.name, path]))
  return (name) => {
    const path = planned.get(name)
    const variant = path?.variant === undefined ? '' : `/variant=${word(path.variant)}`
    return `path=${word(path ? scenarioNameOf(path) : name)}${variant}`
  }
}

/** Names hold no spaces and no slashes there; everything but the plainest characters is percent-encoded. */
function word(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCodePoint(byte)
      return /[\w.~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')
}
