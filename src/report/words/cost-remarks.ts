import type { RunSummary } from '../../analysis/summarize-run.ts'

/** How CPU times of this run are to be read. */
export function costRemarks(summary: RunSummary): string[] {
  const { cpu, sweeps } = summary
  const known = cpu.filter(({ perRequestNs }) => perRequestNs.estimate !== null)
  const limited = sweeps.flatMap(({ path, points }) =>
    points
      .filter(({ generatorBusy }) => (generatorBusy ?? 0) > 0.9)
      .map(({ connections }) => `${path} with ${connections}`),
  )
  return [
    ...(known.some(({ load, paths }) => load !== null && paths.length > 1)
      ? [
          'CPU time of a component that several paths of a load share is the mean over their requests: turns of one client visit its paths in a mixed order.',
        ]
      : []),
    ...(known.length > 0 && known.every(({ perRequestNs }) => perRequestNs.low === null) && summary.coarseCpu
      ? [
          'CPU time is from the kubelets’ cAdvisor counters, which move every ten seconds or so: one figure for the whole run, idle time and the reading of evidence included, so an upper bound.',
        ]
      : []),
    ...(limited.length > 0
      ? [
          `The load generator itself was busy for more than 90 % of its time (${limited.join(', ')}): what limits there may be the generator.`,
        ]
      : []),
  ]
}
