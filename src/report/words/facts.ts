import { isProven } from '../../evidence/is-proven.ts'
import { scenarioNameOf } from '../../results/variants.ts'
import { plural } from '../../plural.ts'
import { formatUs } from '../format.ts'
import type { ReportedRun } from './reported-run.ts'
import { factsOfVariants, variantFacts, variantFindings } from './variants.ts'

/** What was measured, whether the paths were proven, and what came out: three sentences. */
export function threeSentences({ result, summary }: ReportedRun): string[] {
  const measured = result.paths.filter((path) => path.hops !== null)
  // A control is one of the scenario's paths again, and not a path of the scenario.
  const own = [...new Set(measured.filter((path) => path.controlOf === undefined).map(scenarioNameOf))]
  const { variants } = summary
  const requests = summary.paths.reduce((sum, path) => sum + path.requests, 0)
  const amount = `${plural(summary.rounds, 'round')} in ${plural(summary.restarts, 'restart')}, ${plural(requests, 'request')} in all`
  const loads = result.loads.map((load) => load.id).join(', ')
  const unproven = measured.filter((path) => !isProven(result, path.name)).map((path) => path.name)
  return [
    `${plural(own.length, 'path')} of the scenario ${result.scenario.name} ${own.length === 1 ? 'was' : 'were'} measured ${variants ? `in ${plural(variants.variants.length, 'variant')} ${result.switched ? 'that stood in turn in every restart' : 'side by side'} (${variantFacts(variants).join('; ')})` : `on ${summary.engine}`} under the load ${loads}: ${amount}.`,
    unproven.length === 0
      ? 'Every path was shown, in every round, to visit exactly the components that it must visit.'
      : `Not proven in every round: ${unproven.join(', ')}.`,
    ...(variants ? variantFindings(variants).map((found) => `${found}.`) : finding({ result, summary })),
  ]
}

function finding({ result, summary }: ReportedRun): string[] {
  const load = result.loads[0]?.id
  const paths = summary.paths.filter((p) => p.load === load)
  const [first, last] = [paths[0], paths.at(-1)]
  const [from, to] = [first?.quantiles.p50.estimate ?? null, last?.quantiles.p50.estimate ?? null]
  if (!first || !last || first === last || from === null || to === null) return []
  const steps = summary.steps.filter((step) => step.load === load)
  const clear = steps.filter(
    (s) => s.comparison.verdict === 'slower' || s.comparison.verdict === 'faster',
  ).length
  return [
    `The median goes from ${formatUs(from)} µs (${first.path}, ${plural(first.hops, 'component')}) to ${formatUs(to)} µs (${last.path}, ${plural(last.hops, 'component')}); ${clear} of the ${plural(steps.length, 'step')} between paths ${clear === 1 ? 'is' : 'are'} clear of zero.`,
  ]
}

/** Name and value of everything that a reader needs to judge where the numbers come from. */
export function environmentFacts({ result, summary }: ReportedRun): [string, string][] {
  const { environment: env } = result
  const made = result.builds[0]?.facts
  const variants = summary.variants ? factsOfVariants(summary.variants) : []
  const isDefined = (pair: [string, string | undefined]): pair is [string, string] => pair[1] !== undefined
  const pairs: [string, string | undefined][] = [
    ['run', result.id],
    ['started', result.startedAt],
    ['status', result.reason === undefined ? result.status : `${result.status}: ${result.reason}`],
    ['scenario', `${result.scenario.name} (${result.scenario.hash})`],
    ['engine', summary.engine],
    ...variants.map(({ name, text }): [string, string] => [`variant ${name}`, text]),
    ['backend', result.backend],
    ['hopmeter', result.hopmeterVersion],
    ['delay between networks', summary.delayMethod],
    ['load balancer', summary.loadBalancer],
    ['versions', made?.['versions']],
    ['control planes', made?.['controlPlanes']],
    ['restarts of', made?.['restarted']],
    ['versions that disagree', made?.['versionNotes']],
    ['known defects that touch the paths', made?.['knownDefects']],
    ['seed', String(result.seed)],
    [
      'rounds',
      `${result.rounds.count} of ${result.rounds.durationMs} ms in each of ${plural(result.rounds.restarts ?? 1, 'restart')} of each of ${plural(result.rounds.builds, 'build')}`,
    ],
    ['flagged rounds', `${summary.flaggedRounds} of ${summary.rounds}`],
    ['processor', `${env.cpuModel}, ${plural(env.cores, 'core')}`],
    ['memory', `${env.memoryMiB.toLocaleString('en')} MiB`],
    ['kernel', env.kernel],
    ['virtualization', env.virtualization],
    ['clock source', env.clockSource],
    ['Node.js', env.node],
    ['load average at the start', env.loadAverage.map((load) => load.toFixed(2)).join(' ')],
    ['host', env.hostname],
    ...Object.entries(result.labels).map(([key, value]): [string, string] => [`label ${key}`, value]),
  ]
  return pairs.filter(isDefined)
}
