import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../exec.ts'
import { verifyScenario } from '../../measure/verify-scenario.ts'
import { loadScenario } from '../../scenario/load.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import { stateFolder } from './folders.ts'
import { createKind } from './kind.ts'

/**
 * Real clusters, on a machine with Docker: HOPMETER_REAL_KIND=1. HOPMETER_NODE_IMAGE and HOPMETER_AGENT_IMAGE name
 * images that are there without a network.
 */
const isAsked = process.env['HOPMETER_REAL_KIND'] === '1'
const minutes = 60_000

describe.skipIf(!isAsked)('on real kind clusters, without a mesh', () => {
  const stateRoot = mkdtempSync(path.join(tmpdir(), 'hopmeter-real-kind-'))
  afterAll(() => rmSync(stateRoot, { recursive: true, force: true }))

  test.for(['same-network', 'same-network-vxlan', 'same-network-unrouted', 'single-cluster'])(
    '%s is proven and leaves nothing',
    { timeout: 15 * minutes },
    async (name) => {
      const scenario = withoutMesh((await loadScenario(name)).scenario)
      const nodeImage = process.env['HOPMETER_NODE_IMAGE']
      const agentImage = process.env['HOPMETER_AGENT_IMAGE']
      const result = await verifyScenario({
        scenario,
        backend: createKind({ stateRoot, nodeImage, agentImage }),
        progress: () => {},
        signal: new AbortController().signal,
      })
      expect(result.evidence.map(({ path: of, verdict, reasons }) => [of, verdict, reasons])).toEqual(
        result.evidence.map(({ path: of }) => [of, 'proven', []]),
      )
      expect(result.ok).toBe(true)
      const { stdout } = await run('docker', ['ps', '--all', '--format', '{{.Names}}'])
      expect(stdout.split('\n').filter((container) => container.startsWith(`hm-${name}-`))).toEqual([])
      expect(readdirSync(stateFolder(stateRoot))).toEqual([])
    },
  )
})
