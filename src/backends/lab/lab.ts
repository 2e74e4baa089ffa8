import type { Backend, Step } from '../backend.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import { anchorCommand, enterArgs } from './anchor.ts'
import { bringUp } from './bring-up.ts'
import { toStep } from './command.ts'
import { detectDelayMethodAlone } from './delay/detect.ts'
import { preferredIsolation } from './isolation.ts'
import { layOut } from './layout.ts'
import { planMesh } from './mesh.ts'
import { hasBridgeNetfilter, networkPhases } from './network.ts'
import type { LabOptions } from './options.ts'
import { programGroups, programSteps } from './program-groups.ts'
import { holdOpen } from './standing/hold.ts'
import type { LabTestbed } from './testbed.ts'
import { realZtunnelAt, unseenVariants } from './variants.ts'

/**
 * The backend that needs nothing but Linux: clusters, nodes and pods are network namespaces of this machine, and
 * ztunnels, gateways and load balancers are programs of our own. See docs/lab.md.
 */
export function createLab(options: LabOptions = {}): Backend {
  return {
    name: 'lab',
    canRestart: true,
    variants: options.variants,
    steps: (plan) => labSteps(plan, options),
    up: async (plan, context) => {
      const testbed = await bringUp(plan, context, options)
      if (options.held) await keepOrTakeDown(testbed, () => holdOpen(testbed, plan.scenario.name))
      return testbed
    },
  }
}

async function keepOrTakeDown(testbed: LabTestbed, last: () => void): Promise<void> {
  try {
    last()
  } catch (error) {
    await testbed.down()
    throw error
  }
}

/**
 * Every command of `up`, in its order. Only a scenario with delays asks the machine anything: which kind it can make.
 * @throws UsageError when the scenario's addresses do not fit into the lab.
 */
async function labSteps(plan: Plan, options: LabOptions): Promise<readonly Step[]> {
  const layout = layOut(plan, options.misroute)
  const mesh = planMesh(plan, layout, options.misroute, realZtunnelAt(options))
  const { delays } = plan.scenario
  const delayMethod = delays.length === 0 ? 'none' : (options.delayMethod ?? (await detectDelayMethodAlone()))
  const isolation = options.isolation ?? preferredIsolation()
  const enter = ['nsenter', ...enterArgs(isolation, 'PID')].join(' ')
  const { bridgeNetfilter = hasBridgeNetfilter() } = options
  const phases = networkPhases({ layout, captures: mesh.captures, delays, delayMethod, bridgeNetfilter })
  const variants = unseenVariants(options)
  const groups = programGroups({ plan, layout, mesh, delayMethod, variants })
  return [
    {
      name: `open private namespaces; this prints its PID, and what follows runs inside: ${enter} sh`,
      commands: [anchorCommand(isolation)],
    },
    ...[...phases.flat(), ...programSteps(groups)].map((step) => toStep(step)),
  ]
}
