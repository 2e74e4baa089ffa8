// Draws docs/gallery.md: every kind of chart, each from a complete run under results/ that can fill it.
// Usage: npm run gallery [-- results-folder]
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'
import { chartModules, drawingOf, heightOf } from '../src/report/charts/kinds.ts'
import { chartedRun } from '../src/report/charts/models/charted-run.ts'
import { chartsOfRun } from '../src/report/charts/models/run-charts.ts'
import { printStage, renderChart } from '../src/report/charts/render.ts'
import { inlineText } from '../src/report/render/markdown/inline.ts'
import { variantNames } from '../src/results/variants.ts'
import { listRuns, openRun } from '../src/results/store.ts'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const results = process.argv[2] ?? path.join(root, 'results')
const folder = path.join(root, 'docs/gallery')

const inTheLab = 'The same scenario on a bare machine: structure and relative cost, not Istio’s numbers.'
const acrossVersions =
  'What a newer version changed, step by step and path by path, and whether that is more than noise.'

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
// Runs are found by what they are: the headline scenario first, of real Istio in several versions and in the lab.
const isHeadline = ({ result }) => result.scenario.name === 'hop-ladder'
const ofVersions = runs.find((run) => isHeadline(run) && run.result.switched === true)
const newest = ofVersions && variantNames(ofVersions.result).at(-1)
const others = runs
  .filter((run) => run !== ofVersions)
  .toSorted((a, b) => Number(isHeadline(b)) - Number(isHeadline(a)) || a.result.id.localeCompare(b.result.id))

const specsOf = (run) => (run ? chartsOfRun(run).map((spec) => ({ spec, from: run.result.id })) : [])
const versions = specsOf(ofVersions)
const rest = others.flatMap(specsOf)
const first = (candidates, kind, isMeant = () => true) =>
  candidates.find(({ spec }) => spec.kind === kind && isMeant(spec))
const chosen = {
  ladder: first(versions, 'ladder', ({ about }) => about === newest) ?? first(rest, 'ladder'),
  versions: first(versions, 'versions'),
}
await mkdir(folder, { recursive: true })
const sections = []
const wanted = [
  ...chartModules.map(({ kind, purpose }) => ({
    name: kind,
    kind,
    purpose,
    found: kind in chosen ? chosen[kind] : first(rest, kind),
    missing: 'No sample run fills this kind.',
  })),
  { name: 'ladder in the lab', kind: 'ladder', purpose: inTheLab, found: first(rest, 'ladder') },
  { name: 'delta across versions', kind: 'delta', purpose: acrossVersions, found: first(versions, 'delta') },
].filter(({ found, missing }) => found !== undefined || missing !== undefined)
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
  sections.push(`## ${name}\n\n${purpose}\n\n\`hopmeter chart RUN --kind ${kind}\`\n\n${body}`)
}
const intro =
  '# Gallery\n\nEvery kind of chart, drawn by `npm run gallery` from the sample runs under `results/`.'
await writeFile(path.join(root, 'docs/gallery.md'), `${[intro, ...sections].join('\n\n')}\n`)
