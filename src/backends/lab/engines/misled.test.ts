import { describe, expect, it } from 'vitest'
import { run } from '../../../process/exec.ts'
import { identityOf } from '../../../process/process-identity.ts'
import type { Testbed } from '../../backend.ts'
import { enterLab } from '../standing/enter-lab.ts'
import type { LabTestbed } from '../testbed.ts'
import { fork } from '../testing/ladder.ts'
import { prove } from '../testing/load.ts'
import { requires } from '../testing/requires.ts'
import { verdicts, withLab } from '../testing/with-lab.ts'
import { realEnvoy, ztunnelsToTest } from './testing/real-engines.ts'

const labs = [
  { title: 'our own', engines: {} },
  ...ztunnelsToTest.map(({ title, file }) => ({ title, engines: { ztunnel: file } })),
]

/** Runs a program in a network namespace of the lab, as `hopmeter exec` does. */
async function runIn(testbed: Testbed, name: string, file: string, ...args: readonly string[]) {
  const { anchor, cpu } = (testbed as LabTestbed).inside
  const lab = { anchor: identityOf(anchor.pid), isolation: anchor.isolation, cpu: cpu ?? null }
  const command = enterLab(lab, { name, kind: 'pod' }, { file, args, cwd: '/' })
  await run(command.file, command.args)
}

describe.for(labs)('evidence of a lab whose ztunnels are $title', { timeout: 240_000 }, ({ engines }) => {
  const plan = fork()
  const [direct] = plan.paths

  it('does not prove the path of a pod that bypasses its ztunnel, though every request is answered', async (context) => {
    await requires(context)
    await withLab(plan, { engines }, async (testbed) => {
      const { host, port } = testbed.target(direct!)
      const server = `${testbed.podAddress(direct!.serverWorkload)}:${port}`
      expect(await prove(testbed, direct!)).toMatchObject({ verdict: 'proven' })
      const around = `insert rule ip capture output ip daddr ${host} tcp dport ${port} dnat to ${server}`
      await runIn(testbed, direct!.clientWorkload.name, 'nft', ...around.split(' '))
      const { verdict, answeredBy, observed, reasons } = await prove(testbed, direct!)
      expect(answeredBy).toMatchObject([{ pod: direct!.serverWorkload.name }])
      expect(verdict).not.toBe('proven')
      expect(observed.map(({ kind }) => kind)).not.toContain('ztunnel')
      expect(reasons.join('; ')).toContain('the client, uncaptured, dialled')
    })
  })

  it.for([
    { through: 'our own gateway', isReal: false },
    { through: 'a real Envoy', isReal: true },
  ])('calls traffic under another identity a mismatch, through $through', async ({ isReal }, context) => {
    await requires(context)
    const gateway = isReal ? { envoy: realEnvoy(context) } : {}
    const options = { misroute: 'another-identity', engines: { ...engines, ...gateway } } as const
    await withLab(plan, options, async (testbed) => {
      for (const [path, said] of Object.entries(await verdicts(testbed, plan))) {
        expect({ path, said }).toEqual({
          path,
          said: expect.stringMatching(/^mismatch .*somebody-else/) as string,
        })
      }
    })
  })
})
