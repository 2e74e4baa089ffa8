// Draws docs/gallery.md: every kind of chart, each from a complete run under results/ that can fill it.
// Usage: npm run gallery [-- results-folder]
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'
import { chartModules, drawingOf, heightOf } from '../src/report/charts/kinds.ts'
import { chartedRun } from '../src/report/charts/models/charted-run.ts'
import { comparisonCharts } from '../src/report/charts/models/comparison-charts.ts'
import { engineOf } from '../src/report/words/engine.ts'
import { chartsOfRun } from '../src/report/charts/models/run-charts.ts'
import { printStage, renderChart } from '../src/report/charts/render.ts'
import { inlineText } from '../src/report/render/markdown/inline.ts'
import { listRuns, openRun } from '../src/results/store.ts'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const results = process.argv[2] ?? path.join(root, 'results')
const folder = path.join(root, 'docs/gallery')

const acrossVersions = 'What a newer version changed, path by path, and whether that is more than noise.'

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
// Runs are found by what they are: the headline scenario in the lab first, then Istio, then whatever else there is.
const isHeadline = ({ result }) => result.scenario.name === 'hop-ladder'
const isIstio = ({ result }) => engineOf(result).startsWith('istio ')
const rank = (run) => (isHeadline(run) ? 0 : 2) + (isIstio(run) ? 1 : 0)
runs.sort((a, b) => rank(a) - rank(b) || a.result.id.localeCompare(b.result.id))

const versionsOf = (group) => new Set(group.map((run) => engineOf(run.result))).size
const istioScenarios = [...new Set(runs.filter(isIstio).map((run) => run.result.scenario.name))]
const groups = istioScenarios.map((name) =>
  runs.filter((run) => isIstio(run) && run.result.scenario.name === name),
)
const byVersion = groups.find((group) => versionsOf(group) > 1) ?? []
byVersion.sort((a, b) => engineOf(a.result).localeCompare(engineOf(b.result), 'en', { numeric: true }))
const comparisons = comparisonCharts(byVersion)
const compared = byVersion.map((run) => run.result.id).join(' and ')
const candidates = [
  ...runs.flatMap((run) => chartsOfRun(run).map((spec) => ({ spec, from: run.result.id }))),
  ...comparisons.map((spec) => ({ spec, from: compared })),
]
await mkdir(folder, { recursive: true })
const sections = []
const wanted = [
  ...chartModules.map(({ kind, purpose }) => ({
    name: kind,
    kind,
    purpose,
    found: candidates.find(({ spec }) => spec.kind === kind),
    missing:
      kind === 'versions'
        ? 'Needs runs of one scenario on two Istio versions; there are none under `results/`.'
        : 'No sample run fills this kind.',
  })),
  ...comparisons
    .filter((spec) => spec.kind === 'delta')
    .slice(0, 1)
    .map((spec) => ({
      name: 'delta across versions',
      kind: 'delta',
      purpose: acrossVersions,
      found: { spec, from: compared },
    })),
]
for (const { name, kind, purpose, found, missing } of wanted) {
  const picture = async (theme) => {
    const file = `${name.replaceAll(' ', '-')}-${theme}.png`
    const height = heightOf(found.spec, printStage({ theme }))
    await writeFile(
      path.join(folder, file),
      await renderChart(drawingOf(found.spec), { format: 'png', theme, height }),
    )
    return `![${inlineText(found.spec.model.title)} (${theme})](gallery/${file})`
  }
  const body = found
    ? `${await picture('light')}\n\n${await picture('dark')}\n\nFrom ${inlineText(found.from)}.`
    : missing
  const of = name === kind && kind !== 'versions' ? 'RUN' : 'RUN-ON-ONE-VERSION RUN-ON-ANOTHER'
  sections.push(`## ${name}\n\n${purpose}\n\n\`hopmeter chart ${of} --kind ${kind}\`\n\n${body}`)
}
const intro =
  '# Gallery\n\nEvery kind of chart, drawn by `npm run gallery` from the sample runs under `results/`.'
await writeFile(path.join(root, 'docs/gallery.md'), `${[intro, ...sections].join('\n\n')}\n`)
