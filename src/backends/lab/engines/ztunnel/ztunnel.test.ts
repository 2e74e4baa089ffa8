import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, type TestContext } from 'vitest'
import type { Testbed } from '../../../backend.ts'
import type { Plan } from '../../../plan.ts'
import { createLab } from '../../lab.ts'
import type { LabOptions } from '../../options.ts'
import { ladder } from '../../testing/ladder.ts'
import { descendantsOf, leftovers } from '../../testing/leftovers.ts'
import { prove } from '../../testing/load.ts'
import { requires } from '../../testing/requires.ts'
import { between, cluster, path as pathOf, planOf } from '../../testing/scenario.ts'
import { realEnvoy, realHaproxy } from '../testing/real-engines.ts'

const quietly = { signal: new AbortController().signal, progress: () => {} }
const standIn = fileURLToPath(new URL('./testing/stand-in/ztunnel.mjs', import.meta.url))
/** Real ones, e.g. of two releases; they are never fetched by tests. */
const real = (process.env['HOPMETER_TEST_ZTUNNEL'] ?? '').split(',').filter((file) => file !== '')
const ztunnels = [
  { title: 'a stand-in', file: standIn },
  ...real.map((file) => ({ title: `the real ${path.basename(file)}`, file })),
]

async function withLab(plan: Plan, options: LabOptions, test: (testbed: Testbed) => Promise<void>) {
  const testbed = await createLab(options).up(plan, quietly)
  try {
    await test(testbed)
  } finally {
    await testbed.down()
  }
}

async function verdicts(testbed: Testbed, plan: Plan): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {}
  for (const planned of plan.paths) {
    const { verdict, observedProtocol, observed, reasons } = await prove(testbed, planned)
    seen[planned.name] = [verdict, observedProtocol, observed.length, ...reasons].join(' ')
  }
  return seen
}

const proven = {
  'no-mesh': 'proven TCP 2',
  'same-node': 'proven HBONE 3',
  single: 'proven HBONE 4',
  'same-network': 'proven HBONE 4',
  gateway: 'proven DOUBLEHBONE 5',
  'load-balancer': 'proven DOUBLEHBONE 6',
}

describe.for(ztunnels)('a lab whose ztunnels are $title', { timeout: 240_000 }, ({ file }) => {
  const plan = ladder()

  it('proves the ladder, twice, one ztunnel a node, and leaves nothing behind', async (context) => {
    await requires(context)
    const before = descendantsOf(process.pid)
    await withLab(plan, { engines: { ztunnel: file } }, async (testbed) => {
      expect(await verdicts(testbed, plan)).toEqual(proven)
      expect(await verdicts(testbed, plan)).toEqual(proven)
      expect(testbed.engine.name).toBe('lab-ztunnel+node')
      expect(testbed.facts['ztunnel']).toMatch(/^ztunnel \d+\./)
      const { components } = await testbed.evidence()
      const names = components.map(({ instance }) => instance).filter((name) => name.startsWith('ztunnel'))
      expect(names).toHaveLength(5)
    })
    const left = descendantsOf(process.pid).filter(({ pid }) => !before.some((p) => p.pid === pid))
    expect(await leftovers(left)).toEqual([])
  })

  it('proves the ladder with an Envoy and a HAProxy that are real, too', async (context: TestContext) => {
    await requires(context)
    const engines = { ztunnel: file, envoy: realEnvoy(context), haproxy: realHaproxy(context) }
    await withLab(plan, { engines }, async (testbed) => {
      expect(await verdicts(testbed, plan)).toEqual(proven)
      expect(testbed.engine.name).toBe('lab-ztunnel+envoy+haproxy')
    })
  })

  it.for([
    ['direct-through-gateway', { direct: /^mismatch DOUBLEHBONE 5/, gateway: /^proven DOUBLEHBONE 5$/ }],
    ['gateway-sent-direct', { direct: /^proven HBONE 4$/, gateway: /^mismatch HBONE 4/ }],
  ] as const)('shows %s in the evidence', async ([misroute, expected], context) => {
    await requires(context)
    const topology = {
      clusters: [
        cluster(1, 'east-1', { network: 'east' }),
        cluster(2, 'east-2', { network: 'east' }),
        cluster(3, 'west', { gateway: { loadBalancer: 'none' } as const }),
      ],
      routes: between('east-1', 'east-2'),
    }
    const misrouted = planOf(topology, [
      pathOf('direct', 'east-1', 'east-2', 'ambient'),
      pathOf('gateway', 'east-1', 'west', 'ambient'),
    ])
    await withLab(misrouted, { misroute, engines: { ztunnel: file } }, async (testbed) => {
      const seen = await verdicts(testbed, misrouted)
      expect(seen['direct']).toMatch(expected.direct)
      expect(seen['gateway']).toMatch(expected.gateway)
    })
  })
})

describe('a ztunnel that does not come up', { timeout: 120_000 }, () => {
  it('ends the lab with its own words and the next step, and nothing stays', async (context) => {
    await requires(context)
    const before = descendantsOf(process.pid)
    const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-ztunnel-'))
    const failing = path.join(folder, 'ztunnel')
    // Programs of the lab inherit nothing of our environment, so the file itself has to say it.
    writeFileSync(failing, `#!/bin/sh\nSTAND_IN_FAILS=at-start exec '${standIn}' "$@"\n`, { mode: 0o755 })
    try {
      const up = createLab({ engines: { ztunnel: failing } }).up(ladder(), quietly)
      await expect(up).rejects.toThrow(/ztunnel-node-\S+ \(ztunnel 0\.0\.0-stand-in\)[^]*was told to fail/)
      await expect(up).rejects.toMatchObject({ hint: expect.stringContaining('1.27 to 1.31') as string })
    } finally {
      rmSync(folder, { recursive: true })
    }
    const left = descendantsOf(process.pid).filter(({ pid }) => !before.some((p) => p.pid === pid))
    expect(await leftovers(left)).toEqual([])
  })
})
