import type { RunResult } from '../../../results/schema.ts'
import type { Captions } from '../frame.ts'

/** The words around every chart of a run: how much was measured, and on what. */
export function runCaptions(result: RunResult, title: string, load: string, remark = ''): Captions {
  const own = result.measured.flatMap((round) => round.paths.filter((p) => p.load === load))
  const perRound = median(own.map((p) => p.n))
  const builds = plural(result.builds.length, 'build')
  const requests = perRound === undefined ? '' : ` × about ${perRound.toLocaleString('en')} requests per path`
  const subtitle = `${plural(result.measured.length, 'round')} in ${builds}${requests}, load ${load}`
  return {
    title,
    subtitle: remark === '' ? subtitle : `${subtitle}, ${remark}`,
    caption: runCaption(result),
  }
}

/** Engine, versions and host of a run, and what its numbers must not be taken for. */
export function runCaption(result: RunResult): string {
  const { environment: env } = result
  const host = `${env.cpuModel}, ${plural(env.cores, 'core')}, Linux ${env.kernel}`
  const istio = isLab(result)
    ? ' The lab shows structure and relative cost; the numbers are not Istio’s.'
    : ''
  return `${engineOf(result)}, hopmeter ${result.hopmeterVersion}, run ${result.id}. ${host}.${istio}`
}

/** e.g. `istio 1.27.1`. */
export function engineOf({ builds }: RunResult): string {
  const engine = builds[0]?.engine
  return engine ? `${engine.name} ${engine.version}` : 'no engine'
}

export function isLab(result: RunResult): boolean {
  return result.builds[0]?.engine.name === 'lab-node'
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
