import { normalUpperQuantile } from './normal.ts'

/**
 * The t with P(|T| > t) = `twoSided` for `df` degrees of freedom (1, or a real number of at least 2).
 * G. W. Hill, Algorithm 396: Student's t-quantiles, CACM 13 (1970); errors under 0.1 % in the range used here.
 */
export function studentQuantile(twoSided: number, df: number): number {
  if (df !== 1 && !(df >= 2)) throw new RangeError(`degrees of freedom must be 1 or at least 2, not ${df}`)
  if (!(twoSided > 0 && twoSided < 1))
    throw new RangeError(`a probability lies between 0 and 1, not ${twoSided}`)
  if (df === 1) return 1 / Math.tan((twoSided * Math.PI) / 2)
  if (df === 2) return Math.sqrt(2 / (twoSided * (2 - twoSided)) - 2)

  const a = 1 / (df - 0.5)
  const b = 48 / (a * a)
  let c = (((20_700 * a) / b - 98) * a - 16) * a + 96.36
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * df
  let y = (d * twoSided) ** (2 / df)
  if (y > 0.05 + a) {
    const x = -normalUpperQuantile(twoSided / 2)
    y = x * x
    if (df < 5) c += 0.3 * (df - 4.5) * (x + 0.6)
    c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = Math.expm1(a * y * y)
  } else {
    const far = 1 / (((df + 6) / (df * y) - 0.089 * d - 0.822) * (df + 2) * 3)
    y = ((far + 0.5 / (df + 4)) * y - 1) * ((df + 1) / (df + 2)) + 1 / y
  }
  return Math.sqrt(df * y)
}
