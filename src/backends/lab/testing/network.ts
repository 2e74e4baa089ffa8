import { fileURLToPath } from 'node:url'
import type { Plan } from '../../../plan/plan-scenario.ts'
import { openAnchor, type Anchor } from '../anchor.ts'
import { layOut, type LabLayout } from '../layout.ts'
import { LineProcess } from '../line-process.ts'
import { planMesh, type Mesh } from '../mesh.ts'
import { hasBridgeNetfilter, makeNetwork } from '../network.ts'
import { shownKeys } from '../planned-program.ts'
import { programGroups } from '../program-groups.ts'
import type { DelayMethod } from '../delay/steps.ts'
import { unseenVariants } from '../variants.ts'

export const whoProgram = fileURLToPath(new URL('./who.mjs', import.meta.url))

export interface Answer {
  readonly target: string
  /** The client's address as the server saw it, and the server's own. */
  readonly peer?: string
  readonly local?: string
  readonly port?: number
  readonly error?: string
}

/** A lab's network without its programs. */
export interface TestNetwork {
  readonly anchor: Anchor
  readonly layout: LabLayout
  readonly mesh: Mesh
  /** Starts a server that tells every client its address. */
  readonly serve: (netns: string, host: string, ...ports: readonly number[]) => Promise<void>
  /** Connects to each `ip:port` from within a pod. */
  readonly dial: (netns: string, ...targets: readonly string[]) => Promise<readonly Answer[]>
  readonly ip: (workload: string) => string
}

/** Makes the network of a plan, and takes it down whatever the test does. */
export async function withNetwork(
  plan: Plan,
  test: (network: TestNetwork) => Promise<void>,
  delayMethod: DelayMethod = 'none',
): Promise<void> {
  const layout = layOut(plan)
  const mesh = planMesh(plan, layout)
  const { delays } = plan.scenario
  const anchor = await openAnchor()
  try {
    const { captures } = mesh
    const bridgeNetfilter = hasBridgeNetfilter()
    await makeNetwork(anchor, { layout, captures, delays, delayMethod, bridgeNetfilter }, () => {})
    const { relays, routing } = programGroups({
      plan,
      layout,
      mesh,
      delayMethod,
      variants: unseenVariants({}),
    })
    for (const { programs } of [relays, routing]) {
      await Promise.all(programs.map((program) => program.start({ anchor, keys: shownKeys })))
    }
    await test({
      anchor,
      layout,
      mesh,
      serve: async (netns, host, ...ports) => {
        const args = [whoProgram, 'serve', host, ...ports.map(String)]
        await LineProcess.start(anchor, `server in ${netns}`, { netns, file: process.execPath, args }, {})
      },
      dial: async (netns, ...targets) => {
        const command = { netns, file: process.execPath, args: [whoProgram, 'dial', ...targets] }
        return JSON.parse((await anchor.run(command)).stdout) as readonly Answer[]
      },
      ip: (workload) => layout.pods.get(workload)?.ip ?? `no pod ${workload}`,
    })
  } finally {
    await anchor.close()
  }
}
