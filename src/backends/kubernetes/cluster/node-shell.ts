import type { ContainerPlace } from './container-place.ts'
import type { Command } from '../../backend.ts'
import type { StepContext } from '../steps/step.ts'
import type { ClusterFacts } from './cluster-facts.ts'

/** What only the nodes of clusters that hopmeter made can do; of clusters that the user has, nobody asks it. */
export interface NodeShell {
  /** Names of the nodes, known before there are any; the first is node 1. */
  readonly names: readonly string[]
  /** How an image that a node cannot get is brought to it, in words. */
  imageRemedy(image: string): string
  /** Runs a program in a container, with its standard input; passes neither API server nor kubelet. */
  execCommand(place: ContainerPlace, program: readonly string[]): Command
  /** How what runs in a container is asked from its node. @throws CommandError */
  openContainer(place: ContainerPlace, context: Pick<StepContext, 'signal'>): Promise<ContainerQuestions>
  /** Where the nodes send packets for pods of other clusters, and what they do to their source. @throws CommandError */
  routesTo(peers: readonly Peer[], context: StepContext): Promise<NodeRoutes>
  /** Names of nodes that do not run any more. @throws CommandError */
  stopped(context: StepContext): Promise<readonly string[]>
  /** Keeps the logs of the nodes in a folder. @throws CommandError */
  saveLogs(folder: string, context: StepContext): Promise<void>
}

/** Questions to a container that pass neither API server nor kubelet. */
export interface ContainerQuestions {
  /** What answers at the container's own loopback. */
  get(port: number, path: string): Command
  /** Its log, with the runtime's time in front of each line. */
  log(range: LogRange): Command
}

/** Which lines of a log: those since a time (RFC 3339), or so many of the last. */
export type LogRange = { readonly since?: string | undefined } | { readonly lines: number }

/** Another cluster, as far as routes to it are concerned. */
export interface Peer {
  readonly name: string
  facts(context: StepContext): Promise<ClusterFacts>
}

export interface NodeRoutes {
  readonly routes: readonly RouteFacts[]
  /** Lines of `iptables -t nat -S` of the chain that masquerades, per node name. */
  readonly masquerade: ReadonlyMap<string, readonly string[]>
}

/** Where a node sends packets for a pod CIDR. */
export interface RouteFacts {
  readonly node: string
  readonly to: string
  /** Of one node of that cluster. */
  readonly podCidr: string
  /** Next hop; absent without a route. */
  readonly via?: string | undefined
  /** Next hop that leads to that node. */
  readonly wanted: string
}
