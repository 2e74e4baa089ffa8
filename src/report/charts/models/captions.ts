import { profileOf } from '../../../load/profiles.ts'
import { plural } from '../../../plural.ts'
import { isSimulated, loadBalancersOf } from '../../../results/build-traits.ts'
import type { RunResult } from '../../../results/schema.ts'
import { engineOf } from '../../words/engine.ts'
import type { Captions } from '../frame.ts'

/** The words around every chart of a run: its finding, what was sent and how much of it, and on what. */
export function runCaptions(
  result: RunResult,
  title: string,
  load: string,
  remarks: readonly string[] = [],
): Captions {
  const parts = [...remarks, loadText(result, load), amountText(result, load)]
  return { title, subtitle: sentences(parts), caption: runCaption(result) }
}

/** e.g. `30 rounds × about 247 requests per path`; rounds may come in several builds of the testbed. */
function amountText(result: RunResult, load: string): string {
  const own = result.measured.flatMap((round) => round.paths.filter((p) => p.load === load))
  const perRound = median(own.map((p) => p.n))
  const builds = result.builds.length > 1 ? ` in ${plural(result.builds.length, 'build')}` : ''
  const requests = perRound === undefined ? '' : ` × about ${plural(perRound, 'request')} per path`
  return `${plural(result.measured.length, 'round')}${builds}${requests}`
}

/** How requests of a load are sent, in words: `one request in flight, connections reused`. */
export function loadText(result: RunResult, id: string): string {
  const load = result.loads.find((one) => one.id === id)
  return load === undefined ? `load ${id}` : profileOf(load.profile).inWords(load)
}

/** Engine, date, host, how delay and load balancer are made, and what the numbers must not be taken for. */
export function runCaption(result: RunResult): string {
  const { environment: env } = result
  const flagged = result.measured.filter((round) => round.flags.length > 0).length
  const [build] = result.builds
  const made = (what: string, how: string | undefined) =>
    how === undefined || how === 'none' ? [] : [`${what}: ${how}.`]
  return [
    isSimulated(result)
      ? `Engine ${engineOf(result)} in network namespaces: order and relative cost carry over, the numbers are not Istio’s.`
      : `Engine ${engineOf(result)} on ${result.backend}.`,
    ...made('Delay between networks', withRoundTrips(build)),
    ...made('Load balancer', loadBalancersOf(result)),
    ...(flagged === 0
      ? []
      : [`${flagged} of ${plural(result.measured.length, 'round')} flagged as disturbed, and counted.`]),
    `Measured ${result.startedAt.slice(0, 10)} on ${env.cpuModel}, ${plural(env.cores, 'core')}, Linux ${env.kernel}.`,
    `hopmeter ${result.hopmeterVersion}, run ${result.id}.`,
  ].join(' ')
}

/** e.g. `userspace-vxlan, rtt east to west 6.47 ms (asked for 5 ms)`. */
function withRoundTrips(build: RunResult['builds'][number] | undefined): string | undefined {
  if (build === undefined || build.delayMethod === 'none') return undefined
  const measured = Object.entries(build.facts).filter(([name]) => name.startsWith('rtt '))
  return [build.delayMethod, ...measured.map(([name, value]) => `${name} ${value}`)].join(', ')
}

/** Each part as a sentence. */
export function sentences(parts: readonly string[]): string {
  return parts.map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}.`).join(' ')
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
