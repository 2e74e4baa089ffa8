/**
 * P(Z > z) of the standard normal distribution, with a relative error under 2e-7 in both tails.
 * Chebyshev fit of erfc: Numerical Recipes (Press et al.), section 6.2. simple-statistics has the same fit as
 * `errorFunction`, but 1 - erf loses the far tail, where small p-values live.
 */
export function normalUpperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + x / 2)
  let sum = 0
  for (const c of erfcCoefficients) sum = sum * t + c
  const tail = (t * Math.exp(-x * x + sum)) / 2
  return z >= 0 ? tail : 1 - tail
}

/** Highest power first. */
const erfcCoefficients = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
  1.00002368, -1.26551223,
]

/** The z with P(Z > z) = `tail`, for 0 < tail < 1. */
export function normalUpperQuantile(tail: number): number {
  if (!(tail > 0 && tail < 1)) throw new RangeError(`a tail probability lies between 0 and 1, not ${tail}`)
  let low = -40
  let high = 40
  // 60 halvings of 80 leave less than 1e-16, far under the error of the tail itself.
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (normalUpperTail(middle) > tail) low = middle
    else high = middle
  }
  return (low + high) / 2
}
