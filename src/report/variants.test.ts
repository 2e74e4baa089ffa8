import { beforeAll, describe, expect, test } from 'vitest'
import { sampleVariants } from '../results/testing/sample-variants.ts'
import { summarizeRun, type RunSummary } from '../analysis/summarize-run.ts'
import { madeRun, type MadeRun } from '../analysis/testing/made-run.ts'
import type { ChartedRun } from './charts/chart-module.ts'
import { answerOf } from './charts/models/answer.ts'
import { hostileNames } from './charts/testing/hostile.ts'
import { htmlReport } from './render/html/report.ts'
import { markdownReport } from './render/markdown/report.ts'
import { summaryMarkdown } from './render/markdown/summary.ts'
import { summaryText } from './render/text/summary.ts'
import { sampleReportRun } from './testing/sample-runs.ts'
import { caveats } from './words/caveats.ts'
import { variantFindings } from './words/variants.ts'

const id = '2026-11-23t01-02-03z-hop-ladder-7f3a'

let run: ChartedRun
let summary: RunSummary

beforeAll(async () => {
  const shiftNs = { 'single@pr': 30_000, 'gateway@pr': -30_000 }
  const result = await madeRun({ id, restarts: 6, rounds: 2, variants: sampleVariants, shiftNs })
  summary = summarizeRun(result)
  run = { result, summary, distributions: [] }
})

describe('a summary of variants', () => {
  test('answers first with each path beside itself, then with a ladder for each', () => {
    const text = summaryText(summary)
    const [head = '', ...ladders] = text.split('The ladder of ')
    expect(head).toContain('base: lab-ztunnel 1.30.3\npr: lab-ztunnel 1.31.0, ztunnel-threads 1\n')
    expect(head).toMatch(/path +p50 of base µs +p50 of pr µs +ratio +difference µs +95% interval +verdict\n/)
    expect(head).toMatch(
      /\nsingle +2\d\d\.\d +\d\d\d\.\d +×1\.1\d \[[^\]]+\] +\+\d\d\.\d +\[[^\]]+\] +slower\n/,
    )
    expect(head).toContain('pr against base at p50: 1 slower, 1 faster, 3 the same.')
    expect(ladders.map((ladder) => ladder.split(' ')[0])).toEqual(['base', 'pr'])
    for (const ladder of ladders) {
      expect(ladder).toMatch(/path +components +p50 µs +p99 µs +noise floor µs +proven +adds +ratio +step µs/)
      expect(ladder).toMatch(/\ngateway +5 .*east-west gateway +×1\./)
      // The first rung costs nothing more than another.
      expect(ladder).toMatch(/\nno-mesh +2 +[\d.]+ +[\d.]+ +±[\d.]+ +12\/12\n/)
    }
  })

  test('is the same in Markdown, with the finding first', () => {
    const text = summaryMarkdown(summary)
    expect(text).toContain('**pr against base at p50: 1 slower, 1 faster, 3 the same.**')
    expect(text).toMatch(/\| path \| p50 of base µs \| p50 of pr µs \| ratio \|/)
    expect(text.match(/The ladder of (base|pr)/g)).toHaveLength(2)
  })

  test('names the variant where there are several others', async () => {
    const variants = ['base', 'a', 'b'].map((name) => ({ name }))
    const three = summarizeRun(await madeRun({ id, restarts: 6, rounds: 1, variants }))
    const text = summaryText(three)
    expect(text).toMatch(/path +variant +p50 of base µs +p50 of the variant µs +ratio/)
    expect(text).toMatch(/\ngateway +b +\d/)
    expect(text).toContain('a against base at p50: 5 the same.\nb against base at p50: 5 the same.')
  })

  test('says which paths were not proven, and how many requests failed', () => {
    const measured = run.result.measured.map((round) => ({
      ...round,
      evidence: round.evidence.map((e) =>
        e.path === 'gateway@pr' ? { ...e, verdict: 'unproven' as const } : e,
      ),
      paths: round.paths.map((p) => (p.path === 'single@pr' ? { ...p, sent: p.sent + 1, errors: 1 } : p)),
    }))
    const worse = summarizeRun({ ...run.result, measured })
    expect(caveats(worse)).toContainEqual(expect.stringContaining('Not proven in every round: gateway@pr.'))
    expect(summaryText(worse)).toMatch(/verdict +failed of pr\n/)
    expect(summaryText(worse)).toMatch(/\nsingle .* 12 \(0\.1 %\)\n/)
  })

  test('an open question says what would decide it', async () => {
    const open = summarizeRun(
      await madeRun({ id, restarts: 6, rounds: 2, restartNs: 60_000, variants: sampleVariants }),
    )
    const undecided = open.variants!.rows.filter(({ spread }) => spread?.wouldDecide)
    expect(undecided.length).toBeGreaterThan(0)
    for (const { path } of undecided) {
      const own = caveats(open).filter((line) => line.startsWith(`${path} of pr: cannot tell ±`))
      expect(own).toHaveLength(1)
      expect(own[0]).toMatch(/restarts of \d+ rounds?, about .*, would \(--restarts/)
    }
  })
})

describe('a report of variants', () => {
  test('has a section for them, all quantiles in it, and a chart of the differences', async () => {
    const page = htmlReport([await sampleReportRun({ restarts: 6, rounds: 1, variants: sampleVariants })])
    const start = page.indexOf('id="variants"')
    expect(start).toBeGreaterThan(0)
    const section = page.slice(start, page.indexOf('</section>', start))
    expect(section).toContain('Variants side by side')
    expect(section.match(/<td[^>]*><span>p9[09]<\/span><\/td>/g)).toHaveLength(10)
    expect(section).toContain('delta chart: pr against base at p50')
    expect(section).toContain('versions chart: Did the cost of a path change between base and pr?')
    expect(page).toContain('5 paths of the scenario hop-ladder were measured in 2 variants side by side')
    const plain = htmlReport([await sampleReportRun()])
    expect(plain).not.toContain('id="variants"')
  })

  test('and so has Markdown', () => {
    const text = markdownReport([run])
    expect(text.indexOf('## Variants side by side')).toBeLessThan(text.indexOf('## Topology'))
    expect(text).toContain('The ladder of pr')
  })

  test('names of a stranger stay text', async () => {
    const variants = hostileNames
      .filter((name) => name !== '')
      .slice(0, 4)
      .map((name) => ({ name }))
    const page = htmlReport([await sampleReportRun({ restarts: 6, rounds: 1, variants })])
    const visible = page.slice(0, page.indexOf('<script type="application/json"'))
    expect(visible).not.toMatch(/<script>alert|<img|onerror=alert\(1\)>(?!&)|<svg/)
  })
})

describe('versions that stood in turn', () => {
  test('have their steps beside each other in every format, and counted in the answer', async () => {
    const shape: MadeRun = {
      ...{ id, restarts: 8, rounds: 2, variants: sampleVariants },
      ...{ isSwitched: true, shiftNs: { 'gateway@pr': 60_000 } },
    }
    const result = await madeRun(shape)
    const inTurn = summarizeRun(result, { deltaShare: 0.02 })
    expect(variantFindings(inTurn.variants!)).toEqual([
      expect.stringMatching(/^pr against base at p50: steps 1 slower, 1 faster, 2 the same; paths .*/),
    ])
    const texts = [
      summaryText(inTurn),
      summaryMarkdown(inTurn),
      htmlReport([{ result, summary: inTurn, distributions: [] }], { charts: false }),
    ]
    for (const text of texts) {
      expect(text).toContain('Steps of pr against base under the load pingpong, paired by restart')
      expect(text).toMatch(/same-network → gateway.*×1\.25.*×1\.5.*slower/s)
    }
    // The ladder of the last answers what a path costs, under the names of the scenario.
    expect(answerOf({ result, summary: inTurn })).toMatch(
      /^pr: .*add.*; same-network takes as long as single; .*\. pr against base at p50: steps 1 slower/,
    )
    const beside = summarizeRun(await madeRun({ ...shape, isSwitched: false }))
    expect(summaryText(beside)).not.toContain('Steps of')
  })
})
