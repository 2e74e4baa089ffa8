import type { EvidenceDigest } from './schema.ts'

/**
 * What tells a round from all others of its run, in words. Rounds of result format 1 name no restart: their builds have
 * one start each.
 */
export function roundName({
  build,
  restart,
  round,
}: {
  readonly build: number
  readonly restart?: number | undefined
  readonly round: number
}): string {
  const start = restart === undefined ? '' : `restart ${restart}, `
  return `build ${build}, ${start}round ${round}`
}

/** The same of the round from which an observation was kept. */
export function sampleRoundName({ build, sampleRestart, sampleRound }: EvidenceDigest): string {
  return roundName({ build, restart: sampleRestart, round: sampleRound })
}
