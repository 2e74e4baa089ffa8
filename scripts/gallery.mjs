// Draws docs/gallery.md: every kind of chart, each from a complete run under results/ that can fill it.
// Usage: npm run gallery [-- results-folder]
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'
import { chartKinds, drawingOf, heightOf } from '../src/report/charts/kinds.ts'
import { chartedRun } from '../src/report/charts/models/charted-run.ts'
import { versionsSpec } from '../src/report/charts/models/comparison-charts.ts'
import { chartsOfRun } from '../src/report/charts/models/run-charts.ts'
import { renderChart } from '../src/report/charts/render.ts'
import { inlineText } from '../src/report/markdown/inline.ts'
import { listRuns, openRun } from '../src/results/store.ts'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const results = process.argv[2] ?? path.join(root, 'results')
const folder = path.join(root, 'docs/gallery')

const purposes = {
  ladder: 'What each added component costs. The first picture for a post.',
  percentiles:
    'The whole distribution, with the tail stretched: where a path differs, at the median or beyond p99.',
  ecdf: 'The share of requests that were answered within a time, with its band.',
  delta: 'Which differences are real: the estimate, its interval and the verdict.',
  rounds: 'Every round in time order. Noise, drift and flagged rounds show here first.',
  versions: 'The same paths over versions.',
  'new-vs-reused': 'What opening a connection adds to a request.',
  topology: 'The scenario: networks, clusters, gateways, routes, and the components of every path.',
}

await bundle()
const runs = []
for (const { id } of await listRuns(results)) {
  const run = await chartedRun(await openRun(results, id))
  if (run.result.status === 'complete') runs.push(run)
}
if (runs.length === 0) {
  console.error(`gallery: no complete run in ${results}; hopmeter run hop-ladder makes one`)
  process.exit(1)
}
// The headline scenario shows whatever it can; the others fill what it lacks.
const isHeadline = ({ result }) => result.scenario.name === 'hop-ladder'
runs.sort((a, b) => Number(isHeadline(b)) - Number(isHeadline(a)))
const versions = versionsSpec(runs.map((run) => run.result))
const candidates = [
  ...runs.flatMap((run) => chartsOfRun(run).map((spec) => ({ spec, from: run.result.id }))),
  ...(versions ? [{ spec: versions, from: 'all runs' }] : []),
]
await mkdir(folder, { recursive: true })
const sections = []
for (const kind of chartKinds) {
  const found = candidates.find(({ spec }) => spec.kind === kind)
  const picture = async (theme) => {
    const file = `${kind}-${theme}.png`
    const height = heightOf(found.spec)
    await writeFile(
      path.join(folder, file),
      await renderChart(drawingOf(found.spec), { format: 'png', theme, height }),
    )
    return `![${kind}, ${theme}](gallery/${file})`
  }
  const body = found
    ? `${await picture('light')}\n\n${await picture('dark')}\n\nFrom ${inlineText(found.from)}.`
    : 'No sample run fills this kind.'
  sections.push(`## ${kind}\n\n${purposes[kind]}\n\n\`hopmeter chart RUN --kind ${kind}\`\n\n${body}`)
}
const intro =
  '# Gallery\n\nEvery kind of chart, drawn by `npm run gallery` from the sample runs under `results/`.'
await writeFile(path.join(root, 'docs/gallery.md'), `${[intro, ...sections].join('\n\n')}\n`)
