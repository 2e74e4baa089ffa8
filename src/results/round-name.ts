import type { EvidenceDigest } from './schema.ts'

/**
 * What tells a round from all others of its run, in words. Rounds of result format 1 name no restart: their builds have
 * one start each.
 */
export function roundName({
  build,
  restart,
  round,
  variant,
}: {
  readonly build: number
  readonly restart?: number | undefined
  readonly round: number
  /** Where a round has but one. */
  readonly variant?: string | undefined
}): string {
  const start = restart === undefined ? '' : `restart ${restart}, `
  return `build ${build}, ${start}round ${round}${variant === undefined ? '' : ` of ${variant}`}`
}

/** The same of the round from which an observation was kept. */
export function sampleRoundName({ build, sampleRestart, sampleRound }: EvidenceDigest): string {
  return roundName({ build, restart: sampleRestart, round: sampleRound })
}
