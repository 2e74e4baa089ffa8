/**
 * Exact interval of a share of which `hits` of `n` were seen: all shares that a two-sided binomial test at `alpha`
 * does not reject. C. J. Clopper and E. S. Pearson, Biometrika 26 (1934).
 * @throws RangeError when the counts make no sense
 */
export function clopperPearson(hits: number, n: number, alpha: number): readonly [number, number] {
  if (!(Number.isInteger(hits) && Number.isInteger(n) && hits >= 0 && hits <= n && n > 0)) {
    throw new RangeError(`${hits} of ${n} is no share`)
  }
  const low = hits === 0 ? 0 : whereRising((share) => 1 - atMost(hits - 1, n, share), alpha / 2)
  const high = hits === n ? 1 : whereRising((share) => 1 - atMost(hits, n, share), 1 - alpha / 2)
  return [low, high]
}

/** P(at most k of n). */
function atMost(k: number, n: number, share: number): number {
  let logTerm = n * Math.log1p(-share)
  let sum = 0
  for (let i = 0; i <= k; i++) {
    sum += Math.exp(logTerm)
    logTerm += Math.log((n - i) / (i + 1)) + Math.log(share) - Math.log1p(-share)
  }
  return Math.min(1, sum)
}

/** The share at which a rising probability reaches `level`. */
function whereRising(probability: (share: number) => number, level: number): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (probability(middle) < level) low = middle
    else high = middle
  }
  return (low + high) / 2
}
