/**
 * Holm's step-down adjustment: p-values that may be held against `alpha` one by one although the table has many,
 * so that the chance of any false verdict in it stays at alpha, whatever depends on what.
 * Sorted ascending, adjusted(i) = max over j <= i of min(1, (m - j + 1) p(j)).
 * S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6 (1979).
 * @returns in the order given
 */
export function holmAdjust(pValues: readonly number[]): number[] {
  const m = pValues.length
  const order = pValues.map((p, index) => ({ p, index })).toSorted((x, y) => x.p - y.p)
  const adjusted = Array.from({ length: m }, () => 1)
  let largest = 0
  for (const [position, { p, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (m - position) * p))
    adjusted[index] = largest
  }
  return adjusted
}
