import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chartsOfRun } from '../src/report/charts/models/run-charts.ts'
import { writeCharts } from '../src/report/charts/write.ts'
import { htmlReport } from '../src/report/render/html/report.ts'
import { sampleReportRun } from '../src/report/testing/sample-runs.ts'

// How long the pictures of one headline run take (bound: 5 s), and a page over a hundred runs (10 s, 10 MB).
// Usage: npx tsx bench/report.ts

const folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-bench-report-'))
try {
  const run = await sampleReportRun({ rounds: 60 })
  const specs = chartsOfRun(run)
  const drawing = performance.now()
  await writeCharts(specs, folder, { format: 'png', theme: 'light' })
  print(`${specs.length} charts of one run`, performance.now() - drawing, 5)

  const runs = Array.from({ length: 100 }, (_, index) => ({
    ...run,
    result: {
      ...run.result,
      id: `${run.result.id}-${index}`,
      builds: run.result.builds.map((build) => ({
        ...build,
        engine: { name: 'istio', version: `1.${20 + (index % 10)}.0` },
      })),
    },
  }))
  const writing = performance.now()
  const file = path.join(folder, 'report.html')
  await writeFile(file, htmlReport(runs))
  print('page over 100 runs', performance.now() - writing, 10)
  console.log(`size of that page: ${((await stat(file)).size / 1e6).toFixed(1)} MB (bound 10 MB)`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

function print(what: string, ms: number, boundS: number): void {
  console.log(`${what}: ${(ms / 1000).toFixed(2)} s (bound ${boundS} s)`)
}
