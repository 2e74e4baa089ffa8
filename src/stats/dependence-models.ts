/** One description of a series' noise, weighed against independence. */
export interface Hypothesis {
  /** Likelihood of the series, relative to independent values. */
  readonly likelihood: number
  /** Standard deviation of the series' mean, over what independence would give it. */
  readonly sd: number
}

export interface Hypotheses {
  readonly independent: Hypothesis
  readonly slow: readonly Hypothesis[]
}

/** Neighbours of slow noise correlate so much that it forgets itself in about ten rounds. */
const slowCorrelation = 0.9
/** Slow noise alone, and under as much fast noise, which hides it from its neighbours. */
const slowShares = [1, 0.5] as const
/** More values are averaged in blocks first: slow noise is slow, and the cost is the square of the length. */
const mostValues = 400

/**
 * How well independence and slow noise explain a series. In the cosine basis (DCT-II) stationary noise has nearly
 * uncorrelated coefficients whose variances are its spectrum, so the likelihood is a product (P. Whittle, Arkiv för
 * Matematik 2, 1953), and the zeroth coefficient, which is the mean, is as uncertain as the spectrum at zero
 * (U. K. Müller and M. W. Watson, Econometrica 76, 2008). The unknown scale is integrated out with Jeffreys' prior.
 * @param scores centred values in time order, best normal scores of ranks, so that a burst counts as one round
 */
export function hypotheses(scores: readonly number[]): Hypotheses {
  const values = blockSums(scores, Math.ceil(scores.length / mostValues))
  const n = values.length
  const power = Float64Array.from({ length: n }, (_, frequency) => coefficient(values, frequency) ** 2)
  const squares = scores.reduce((sum, score) => sum + score ** 2, 0) / scores.length
  const flat = quadratic(power, new Float64Array(n).fill(1))
  const independent = { likelihood: 1, sd: Math.sqrt(flat / (n - 1) / squares) }
  const slow = slowSpectra(n).map((spectrum) => {
    const scaled = quadratic(power, spectrum)
    const logDeterminant = spectrum.reduce((sum, value, k) => (k === 0 ? 0 : sum + Math.log(value)), 0)
    const likelihood = Math.exp((-logDeterminant - (n - 1) * Math.log(scaled / flat)) / 2)
    return { likelihood, sd: Math.sqrt(((scaled / (n - 1)) * (spectrum[0] ?? 1)) / squares) }
  })
  return { independent, slow }
}

/** Sums of neighbours over the square root of their number: of the same variance when they are independent. */
function blockSums(values: readonly number[], size: number): number[] {
  if (size <= 1) return [...values]
  return Array.from({ length: Math.floor(values.length / size) }, (_, block) => {
    const inside = values.slice(block * size, (block + 1) * size)
    return inside.reduce((sum, value) => sum + value, 0) / Math.sqrt(size)
  })
}

function quadratic(power: Float64Array, spectrum: Float64Array): number {
  let sum = 0
  for (let k = 1; k < power.length; k++) sum += (power[k] ?? 0) / (spectrum[k] ?? 1)
  return sum
}

const cosines = new Map<number, Float64Array>()

/** cos(pi m / 2n) for m from 0 to 4n - 1: all that the basis is made of. */
function cosineTable(n: number): Float64Array {
  const known = cosines.get(n)
  if (known) return known
  const made = Float64Array.from({ length: 4 * n }, (_, m) => Math.cos((Math.PI * m) / (2 * n)))
  cosines.set(n, made)
  return made
}

/** The orthonormal basis vector of a frequency at place i. */
function basis(n: number, frequency: number): (i: number) => number {
  const table = cosineTable(n)
  const scale = Math.sqrt((frequency === 0 ? 1 : 2) / n)
  return (i) => scale * (table[(frequency * (2 * i + 1)) % (4 * n)] ?? 0)
}

function coefficient(values: readonly number[], frequency: number): number {
  const at = basis(values.length, frequency)
  return values.reduce((sum, value, i) => sum + value * at(i), 0)
}

const spectra = new Map<number, readonly Float64Array[]>()

/** Variance of each coefficient under slow noise of variance 1, exact for this length: no leakage is left out. */
function slowSpectra(n: number): readonly Float64Array[] {
  const known = spectra.get(n)
  if (known) return known
  const alone = Float64Array.from({ length: n }, (_, frequency) => {
    const at = basis(n, frequency)
    let before = 0
    let variance = 0
    for (let i = 0; i < n; i++) {
      variance += at(i) * (at(i) + 2 * slowCorrelation * before)
      before = at(i) + slowCorrelation * before
    }
    return variance
  })
  const made = slowShares.map((share) => alone.map((value) => share * value + 1 - share))
  spectra.set(n, made)
  return made
}
