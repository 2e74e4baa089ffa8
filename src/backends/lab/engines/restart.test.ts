import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { EngineChoice } from './engines.ts'
import { findEngines } from './engines.ts'
import { programStarters } from './start-programs.ts'
import { planMesh } from '../mesh.ts'
import { createMeshAuthority } from '../pki.ts'
import { trustDomain } from '../relations.ts'
import { ladder } from '../testing/ladder.ts'
import { withNetwork } from '../testing/network.ts'
import { requires } from '../testing/requires.ts'
import { realEnvoy, realHaproxy } from './testing/real-engines.ts'

const standIn = fileURLToPath(new URL('./ztunnel/testing/stand-in/ztunnel.mjs', import.meta.url))

describe('programs of a lab', { timeout: 180_000 }, () => {
  it.for(['our own', 'an Envoy and a HAProxy', 'a ztunnel'] as const)(
    'are stopped and started anew in the namespaces that stay: %s',
    async (whose, context) => {
      await requires(context)
      const choice: EngineChoice =
        whose === 'our own'
          ? {}
          : whose === 'a ztunnel'
            ? { ztunnel: standIn }
            : { envoy: realEnvoy(context), haproxy: realHaproxy(context) }
      const plan = ladder()
      await withNetwork(plan, async ({ anchor, layout }) => {
        const mesh = planMesh(plan, layout, undefined, choice.ztunnel !== undefined)
        const authority = await createMeshAuthority(trustDomain)
        const spiffes = [...new Set(mesh.components.flatMap(({ identities }) => identities))]
        const keys = new Map(
          await Promise.all(spiffes.map(async (id) => [id, await authority.issue(id)] as const)),
        )
        const identity = (spiffe: string) => keys.get(spiffe)!
        const engines = await findEngines(choice)
        const starters = programStarters(anchor, plan, layout, mesh, { authority, identity }, engines)
        for (let restart = 0; restart < 2; restart++) {
          const running = await Promise.all(starters.map((starter) => starter.start()))
          for (const program of running) expect(await program.flows([])).toEqual([])
          expect(running.every((program) => (program.cpuMs() ?? 0) > 0)).toBe(true)
          await Promise.all(running.map((program) => program.stop()))
          await expect(running[0]?.flows([])).rejects.toThrow(/was stopped|was closed/)
          expect(running.map((program) => program.cpuMs())).toEqual(running.map(() => undefined))
        }
      })
    },
  )
})
