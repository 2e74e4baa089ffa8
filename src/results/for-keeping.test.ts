import { homedir } from 'node:os'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { forKeeping } from './for-keeping.ts'
import { createRunDirectory } from './run-directory.ts'
import type { JournalEvent } from './schema.ts'
import {
  sampleBuild,
  sampleEnd,
  sampleHeader,
  sampleId,
  samplePaths,
  sampleRound,
} from './testing/sample-run.ts'
import { temporaryDirectory } from './testing/temporary.ts'

test('a run keeps no password and no home folder, whatever programs said', async () => {
  const said = `kubectl failed: http://user:hunter2@proxy/ --token hunter2 ${homedir()}/secret-project/kubeconfig`
  const round = sampleRound({ requests: 3 })
  const evidence = round.evidence.map((seen) => ({ ...seen, reasons: [said] }))
  const at = '2026-11-23T01:02:03.000Z'
  const events: JournalEvent[] = [
    sampleHeader({ overrides: { 'testbed.istio-set': said } }),
    { ...sampleBuild(), facts: { tool: said } },
    { type: 'proof', build: 1, at, load: 'pingpong', evidence },
    { ...round, evidence, paths: round.paths.map((sample) => ({ ...sample, firstError: said })) },
    {
      type: 'unreachable',
      build: 1,
      path: samplePaths[0]!.name,
      at,
      confirmed: true,
      observed: said,
      afterMs: 1,
    },
    { type: 'note', at, level: 'warning', message: said },
    { ...sampleEnd, status: 'failed', reason: `${said}\n${'x'.repeat(1 << 20)}` },
  ]
  const directory = await createRunDirectory(temporaryDirectory(), sampleId, 'name: x\n')
  for (const event of events) await directory.append(event)
  await directory.finish()
  for (const file of ['journal.ndjson', 'result.json']) {
    const text = readFileSync(path.join(directory.path, file), 'utf8')
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain(`${homedir()}/`)
    expect(text.match(/kubectl failed: http:\/\/\*\*\*@proxy/g)?.length).toBeGreaterThan(5)
    expect(text.length).toBeLessThan(200_000)
  }
})

test('nor what only its name says is one', () => {
  const own = { 'values.api_token': 'hunter2', 'registry.password': 'hunter2', token: 'hunter2', tool: '1.2' }
  const { engine, loadBalancer } = sampleBuild()
  const events = [
    { ...sampleHeader({ overrides: own, variants: [{ name: 'base', settings: own }] }), labels: own },
    { ...sampleBuild(), facts: own, variants: [{ name: 'base', engine, loadBalancer, facts: own }] },
  ]
  const kept = JSON.stringify(events.map(forKeeping))
  expect(kept).not.toContain('hunter2')
  expect(
    kept.match(/"values.api_token":"\*{3}","registry.password":"\*{3}","token":"\*{3}","tool":"1.2"/g),
  ).toHaveLength(5)
})

test('nor do its variants', () => {
  const said = 'pilot.env.API_TOKEN=hunter2'
  const { engine, loadBalancer } = sampleBuild()
  const events = [
    sampleHeader({ variants: [{ name: 'base', settings: { 'istio-set': said } }] }),
    { ...sampleBuild(), variants: [{ name: 'base', engine, loadBalancer, facts: { tool: said } }] },
  ]
  const kept = JSON.stringify(events.map(forKeeping))
  expect(kept).not.toContain('hunter2')
  expect(kept.match(/API_TOKEN=\*\*\*/g)).toHaveLength(2)
})
