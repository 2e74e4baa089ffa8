import { hopmeterVersion } from '../../../version.ts'
import type { Engine } from '../../backend.ts'
import type { LabLayout } from '../layout.ts'
import { engineBinary, type EngineBinary, type EngineName } from './engine-binary.ts'

/** Programs that stand in for our own, each as its file or name; absent: our own. */
export type EngineChoice = Readonly<Partial<Record<EngineName, string>>>

/** The same, found and asked what they are. */
export type Engines = Readonly<Partial<Record<EngineName, EngineBinary>>>

/** @throws EnvironmentError when one is not there or is something else. */
export async function findEngines(choice: EngineChoice, signal?: AbortSignal): Promise<Engines> {
  const found = await Promise.all(
    Object.entries(choice).map(async ([name, file]) => {
      return [name, await engineBinary(name as EngineName, file, signal)] as const
    }),
  )
  return Object.fromEntries(found)
}

/** As they were asked for, neither looked for nor asked: what a plan shows. */
export function unseenEngines(choice: EngineChoice): Engines {
  return Object.fromEntries(
    Object.entries(choice).map(([name, file]) => {
      return [name, { name: name as EngineName, path: file, version: 'unknown', title: name }] as const
    }),
  )
}

const own: Engine = { name: 'node', version: hopmeterVersion }

/** What really forwards in this testbed: a program for a role that it does not have is not named. */
export interface EngineNames {
  /** e.g. `lab-node 0.1.0`, `lab-ztunnel 1.31.0`, `lab-node+envoy 0.1.0+1.40.0`. */
  readonly engine: Engine
  /** e.g. `lab-node`, `haproxy 2.6.12`, `none`. */
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
}

export function nameEngines(engines: Engines, { gateways }: LabLayout, hasMesh: boolean): EngineNames {
  const ztunnel = engines.ztunnel ?? own
  const gateway = gateways.length === 0 ? undefined : (engines.envoy ?? own)
  const hasBalancer = gateways.some(({ loadBalancerNetns }) => loadBalancerNetns !== undefined)
  const balancer = hasBalancer ? (engines.haproxy ?? own) : undefined
  const all = [...(hasMesh ? [ztunnel] : []), gateway, balancer].filter((engine) => engine !== undefined)
  const parts = all.length === 0 ? [own] : all
  const distinct = [...new Map(parts.map((engine) => [engine.name, engine])).values()]
  return {
    engine: {
      name: `lab-${distinct.map(({ name }) => name).join('+')}`,
      version: distinct.map(({ version }) => version).join('+'),
      simulated: parts.includes(own),
    },
    loadBalancer: balancer === undefined ? 'none' : (engines.haproxy?.title ?? 'lab-node'),
    facts: {
      ...(hasMesh ? { ztunnel: titleOf(ztunnel) } : {}),
      ...(gateway === undefined ? {} : { gateway: titleOf(gateway) }),
      ...(engines.envoy && gateway
        ? { gatewayForm: 'the three listeners of Istio’s east-west gateway' }
        : {}),
    },
  }
}

function titleOf({ name, version }: Engine): string {
  return name === 'node' ? `lab-node ${version}` : `${name} ${version}`
}
