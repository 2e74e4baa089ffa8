import type { VariantFacts, VariantRow, VariantsBeside } from '../../analysis/variants-beside.ts'
import type { Comparison } from '../../stats/comparison.ts'
import { verdictCounts } from './verdict-counts.ts'

/** Each variant with its engine and what was asked of it, e.g. `pr: lab-ztunnel 1.31.0, ztunnel-threads 1`. */
export function variantFacts(beside: VariantsBeside): string[] {
  return factsOfVariants(beside).map(({ name, text }) => `${name}: ${text}`)
}

/** The same, name and facts apart. */
export function factsOfVariants({
  variants,
}: VariantsBeside): readonly { readonly name: string; readonly text: string }[] {
  const balancers = new Set(variants.map(({ loadBalancer }) => loadBalancer))
  return variants.map((variant) => {
    const parts = [
      variant.engine ?? 'no engine',
      ...(balancers.size > 1 ? [`load balancer ${variant.loadBalancer}`] : []),
      ...Object.entries(variant.settings).map(([key, value]) => `${key} ${value}`),
    ]
    return { name: variant.name, text: parts.join(', ') }
  })
}

/** What a part about them is called: they stood beside each other, or one after the other. */
export function variantHeading({ areSwitched }: Pick<VariantsBeside, 'areSwitched'>): string {
  return areSwitched ? 'Versions in turn' : 'Variants side by side'
}

/**
 * What came out, a sentence for each other variant: `pr against base at p50: 2 slower, 2 the same`. Of versions that stood
 * in turn first the steps, in which what the host did to a whole start cancels.
 */
export function variantFindings(beside: VariantsBeside): string[] {
  return countsOfOthers(beside).map(({ name, counts, ofSteps }) => {
    const of = ofSteps === undefined ? counts : `steps ${ofSteps}; paths ${counts}`
    return `${name} against ${beside.baseline} at p50: ${of}`
  })
}

/**
 * How many paths of each other variant came out how at p50, e.g. `2 slower, 2 the same`, and how many steps of those that
 * stood in turn; of one load or of all.
 */
export function countsOfOthers(
  beside: VariantsBeside,
  load?: string,
): readonly { readonly name: string; readonly counts: string; readonly ofSteps?: string | undefined }[] {
  const isMeant = (row: { readonly load: string }) => load === undefined || row.load === load
  const medians = beside.rows.filter((row) => row.isHeadline && row.quantile === 'p50' && isMeant(row))
  const steps = beside.steps.filter(isMeant)
  return othersOf(beside).map(({ name }) => {
    const countsOf = (rows: readonly { readonly variant: string; readonly comparison: Comparison }[]) =>
      verdictCounts(rows.filter(({ variant }) => variant === name).map(({ comparison }) => comparison))
    return { name, counts: countsOf(medians), ...(steps.length > 0 ? { ofSteps: countsOf(steps) } : {}) }
  })
}

/** All but the first. */
export function othersOf({ variants, baseline }: VariantsBeside): readonly VariantFacts[] {
  return variants.filter(({ name }) => name !== baseline)
}

/** The rows that a terminal and a post have room for: medians, and the tail where a load is about it. */
export function shownVariantRows(
  { rows }: VariantsBeside,
  { load, name, series }: { readonly load: string; readonly name: string; readonly series: string },
): readonly VariantRow[] {
  const quantiles = series === 'response' ? ['p50', 'p99'] : ['p50']
  return rows.filter((row) => row.load === load && row.metric === name && quantiles.includes(row.quantile))
}
