import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { createLab } from '../../lab.ts'
import { fork, ladder, ladderProven } from '../../testing/ladder.ts'
import { descendantsOf, descendantsSince, leftovers } from '../../testing/leftovers.ts'
import { requires } from '../../testing/requires.ts'
import { quietly, verdicts, withLab } from '../../testing/with-lab.ts'
import { realEnvoy, realHaproxy, ztunnelsToTest } from '../testing/real-engines.ts'

const [{ file: standIn } = { file: '' }] = ztunnelsToTest

describe.for(ztunnelsToTest)('a lab whose ztunnels are $title', { timeout: 240_000 }, ({ file }) => {
  const plan = ladder()

  it('proves the ladder, twice, one ztunnel a node, and leaves nothing behind', async (context) => {
    await requires(context)
    await withLab(plan, { engines: { ztunnel: file } }, async (testbed) => {
      expect(await verdicts(testbed, plan)).toEqual(ladderProven)
      expect(await verdicts(testbed, plan)).toEqual(ladderProven)
      expect(testbed.engine.name).toBe('lab-ztunnel+node')
      expect(testbed.facts['ztunnel']).toMatch(/^ztunnel \d+\./)
      const { components } = await testbed.evidence()
      const names = components.map(({ instance }) => instance).filter((name) => name.startsWith('ztunnel'))
      expect(names).toHaveLength(5)
    })
  })

  it('proves the ladder with an Envoy and a HAProxy that are real, too', async (context: TestContext) => {
    await requires(context)
    const engines = { ztunnel: file, envoy: realEnvoy(context), haproxy: realHaproxy(context) }
    await withLab(plan, { engines }, async (testbed) => {
      expect(await verdicts(testbed, plan)).toEqual(ladderProven)
      expect(testbed.engine.name).toBe('lab-ztunnel+envoy+haproxy')
    })
  })

  it.for([
    ['direct-through-gateway', { direct: /^mismatch DOUBLEHBONE 5/, gateway: /^proven DOUBLEHBONE 5$/ }],
    ['gateway-sent-direct', { direct: /^proven HBONE 4$/, gateway: /^mismatch HBONE 4/ }],
  ] as const)('shows %s in the evidence', async ([misroute, expected], context) => {
    await requires(context)
    const misrouted = fork()
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
    const left = descendantsSince(before)
    expect(await leftovers(left)).toEqual([])
  })
})
