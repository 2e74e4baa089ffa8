import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScenarioError, UsageError } from '../errors.ts'
import { scenarioJsonSchema } from './json-schema.ts'
import { scenarioNames } from './built-in.ts'
import { listScenarios, loadScenario, parseScenario } from './load.ts'
import { validText } from './testing/texts.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-scenario-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const target = path.join(folder, name)
  await writeFile(target, content)
  return target
}

describe('loadScenario', () => {
  it('loads a built-in scenario by name', async () => {
    const { scenario, source } = await loadScenario('same-network')
    expect(source).toBe('same-network')
    expect(scenario.paths.map((p) => p.expect)).toEqual([4])
  })

  it('loads a file by path', async () => {
    const target = await file('mine.yaml', validText)
    expect(await loadScenario(target)).toMatchObject({ source: target, scenario: { name: 'example' } })
  })

  it.each(['UP.YAML', 'Mixed.Yml'])('takes %s for a file, whatever the case', async (name) => {
    await file(name, validText)
    const there = process.cwd()
    process.chdir(folder)
    try {
      expect((await loadScenario(name)).scenario.name).toBe('example')
    } finally {
      process.chdir(there)
    }
  })

  it('loads standard input', async () => {
    const loaded = await loadScenario('-', Readable.from([validText.slice(0, 100), validText.slice(100)]))
    expect(loaded).toMatchObject({ source: '<stdin>', text: validText })
  })

  it('names the file in every problem', async () => {
    const target = await file('bad.yaml', validText.replace('expect: 4', 'expect: 5'))
    await expect(loadScenario(target)).rejects.toThrow(`${target}:35:15: spec.paths[0].expect:`)
  })

  it('suggests a name for a typo', async () => {
    const error = await loadScenario('hop-lader').catch((e: unknown) => e)
    expect(error).toBeInstanceOf(UsageError)
    expect((error as UsageError).message).toBe('there is no scenario "hop-lader"; did you mean "hop-ladder"?')
    expect((error as UsageError).hint).toContain('./my-scenario.yaml')
  })

  it('lists the names when none is close', async () => {
    await expect(loadScenario('latency')).rejects.toThrow(/known: hop-ladder, mixed, /)
  })

  it.each([
    ['a missing file', './nowhere/x.yaml', 'cannot read scenario "./nowhere/x.yaml": there is no such file'],
    ['a directory', `${tmpdir()}/`, 'it is a directory'],
    ['a missing file beside the built-in ones', '../hop-ladder', 'there is no such file'],
  ])('refuses %s', async (_, name, message) => {
    const error = await loadScenario(name).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(UsageError)
    expect((error as UsageError).message).toContain(message)
  })

  it('refuses what is not text', async () => {
    const target = await file('binary.yaml', Uint8Array.of(0xff, 0xfe, 0x00, 0x80))
    await expect(loadScenario(target)).rejects.toThrow(ScenarioError)
    await expect(loadScenario(target)).rejects.toThrow('expected YAML in UTF-8')
  })

  it('stops reading what is too long', async () => {
    let produced = 0
    const endless = Readable.from(
      (function* () {
        for (;;) {
          produced += 1
          yield Buffer.alloc(16 * 1024, '#')
        }
      })(),
    )
    await expect(loadScenario('-', endless)).rejects.toThrow('<stdin>:1:1: a scenario has at most 64 KiB')
    expect(produced).toBeLessThan(100)
  })
})

describe('the built-in scenarios', () => {
  it('are the ten of the documentation, with these components per path', async () => {
    const expectations = (await listScenarios()).map(({ scenario }) => [
      scenario.name,
      Object.fromEntries(scenario.paths.map((p) => [p.name, p.expect])),
    ])
    expect(Object.fromEntries(expectations)).toEqual({
      'hop-ladder': { 'no-mesh': 2, single: 4, 'same-network': 4, gateway: 5, 'load-balancer': 6 },
      mixed: { '1-to-2': 4, '1-to-3': 5, '2-to-3': 5 },
      'multi-network': { gateway: 5 },
      'multi-network-nlb': { 'load-balancer': 6 },
      regions: { '1-to-2': 4, '1-to-3': 5, '2-to-3': 5 },
      'same-network': { 'same-network': 4 },
      'same-network-bgp': { 'same-network': 4 },
      'same-network-unrouted': { single: 4, 'same-network': 'unreachable' },
      'same-network-vxlan': { 'same-network': 4 },
      'single-cluster': { 'same-node': 3, 'other-node': 4 },
    })
  })

  it('are named as their files are, and point editors at the schema', async () => {
    const files = await listScenarios()
    expect(files.map((f) => f.scenario.name)).toEqual(await scenarioNames())
    for (const { text } of files) {
      expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/schema\/scenario\.schema\.json\n/)
    }
  })

  it('differ from same-network in how pod CIDRs are routed', async () => {
    const modes = ['same-network', 'same-network-vxlan', 'same-network-bgp'].map(async (name) => {
      const { scenario } = await loadScenario(name)
      return scenario.routeMode
    })
    expect(await Promise.all(modes)).toEqual(['static', 'vxlan', 'bgp'])
  })

  it('regions is mixed with distance', async () => {
    const [mixed, regions] = await Promise.all([loadScenario('mixed'), loadScenario('regions')])
    expect(regions.scenario.topology).toEqual(mixed.scenario.topology)
    expect(regions.scenario.paths).toEqual(mixed.scenario.paths)
    expect(regions.scenario.delays).toEqual([{ between: ['east', 'west'], rttMs: 5 }])
  })

  it('hop-ladder takes well under a minute of load', async () => {
    const { rounds } = (await loadScenario('hop-ladder')).scenario
    expect(rounds.builds * (rounds.count * rounds.durationMs + rounds.warmupMs)).toBeLessThanOrEqual(40_000)
  })

  it('keep clear of the ranges that Docker and the lab underlay use', async () => {
    for (const { scenario } of await listScenarios()) {
      for (const { podCidr, serviceCidr } of scenario.topology.clusters) {
        expect(`${podCidr} ${serviceCidr}`).not.toMatch(/(^| )(10\.25[45]\.|172\.|192\.168\.)/)
      }
    }
  })
})

describe('docs/scenarios.md', () => {
  const doc = readFile(new URL('../../docs/scenarios.md', import.meta.url), 'utf8')

  it('has an example that loads', async () => {
    const [, example] = /```yaml\n([\s\S]*?)```/.exec(await doc) ?? []
    expect(parseScenario(example ?? '', 'docs/scenarios.md').scenario.name).toBe('my-gateway')
  })

  it('names every built-in scenario and every field', async () => {
    const text = await doc
    for (const name of await scenarioNames()) expect(text).toContain(`| \`${name}\` `)
    for (const name of fieldNames(scenarioJsonSchema())) expect(text).toContain(name)
  })
})

function fieldNames(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own = Object.keys((schema as { properties?: object }).properties ?? {})
  return [...own, ...Object.values(schema).flatMap(fieldNames)]
}
