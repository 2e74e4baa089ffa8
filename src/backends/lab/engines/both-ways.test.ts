import { describe, expect, it } from 'vitest'
import type { Placement } from '../../../topology/model.ts'
import type { LabOptions } from '../options.ts'
import { ladder, ladderProven } from '../testing/ladder.ts'
import { newConnections, sendLoad } from '../testing/load.ts'
import { requires } from '../testing/requires.ts'
import { verdicts, withLab } from '../testing/with-lab.ts'
import { realEnvoy, realHaproxy, ztunnelsToTest } from './testing/real-engines.ts'

/** Where all clients of the ladder are. */
const isClientNode = ({ cluster, node }: Placement) => cluster === 'east-1' && node === 1

const ways: readonly { readonly way: string; readonly ownZtunnelAt?: LabOptions['ownZtunnelAt'] }[] = [
  { way: 'its client side to our server side', ownZtunnelAt: (placement) => !isClientNode(placement) },
  { way: 'our client side to its server side', ownZtunnelAt: isClientNode },
  { way: 'both its own' },
]

type WireLab = LabOptions & { readonly title: string; readonly way: string }

const ours: WireLab = { title: 'ours', way: 'both our own', engines: {} }
const labsWith = (ztunnels: typeof ztunnelsToTest): readonly WireLab[] => [
  ours,
  ...ztunnels.flatMap(({ title, file }) =>
    ways.map((one) => ({ title, ...one, engines: { ztunnel: file } })),
  ),
]

const between = [
  // The stand-in's data path is our own, so it has nothing to say here that the next line does not.
  { gateways: 'our gateways', real: false, labs: labsWith(ztunnelsToTest.slice(1)) },
  { gateways: 'a real Envoy and a real HAProxy', real: true, labs: labsWith(ztunnelsToTest) },
]

describe.for(between)('the wire through $gateways', { timeout: 240_000 }, ({ real, labs }) => {
  it.for(labs)('carries every path of 2 to 6 components, ztunnel $title, $way', async (lab, context) => {
    await requires(context)
    const others = real ? { envoy: realEnvoy(context), haproxy: realHaproxy(context) } : {}
    const plan = ladder()
    await withLab(plan, { ...lab, engines: { ...lab.engines, ...others } }, async (testbed) => {
      expect(await verdicts(testbed, plan)).toEqual(ladderProven)
      // Short, so that no engine's guard against many resets has a say.
      expect(await verdicts(testbed, plan, newConnections)).toEqual(ladderProven)
      for (const planned of plan.paths) {
        const { path, sent, received } = await sendLoad(testbed, planned, newConnections)
        expect({ path, received }).toEqual({ path, received: sent })
        expect(sent).toBeGreaterThan(0)
      }
    })
  })
})
