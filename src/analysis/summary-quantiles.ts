/** The quantiles that summaries and comparisons show. */
export const summaryQuantiles = { p50: 0.5, p90: 0.9, p99: 0.99 } as const
export type SummaryQuantile = keyof typeof summaryQuantiles
export const summaryQuantileNames = Object.keys(summaryQuantiles) as SummaryQuantile[]
