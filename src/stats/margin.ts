import type { Observed } from './comparison.ts'

/** Whether an interval lies inside the margin: of what the user gave, all must hold. */
export function isInside({
  low,
  high,
  ratio,
  margin: { deltaNs, deltaShare },
}: Pick<Observed, 'low' | 'high' | 'ratio' | 'margin'>): boolean {
  if (deltaNs === null && deltaShare === null) return false
  if (low === null || high === null || ratio === null || ratio.low === null || ratio.high === null)
    return false
  const isNear = deltaNs === null || (low > -deltaNs && high < deltaNs)
  const isAlike = deltaShare === null || (ratio.low > 1 - deltaShare && ratio.high < 1 + deltaShare)
  return isNear && isAlike
}

/** The margin at the level of A, ns: the stricter of what the user gave. null without one. */
export function marginNs({ margin, levelNs }: Pick<Observed, 'margin' | 'levelNs'>): number | null {
  const share = margin.deltaShare === null || levelNs === null ? null : margin.deltaShare * levelNs
  if (margin.deltaNs === null) return share
  return share === null ? margin.deltaNs : Math.min(share, margin.deltaNs)
}
