import { rmSync } from 'node:fs'
import path from 'node:path'
import type { Command } from '../../backend.ts'
import type { NodeFacts } from '../../kubernetes/cluster/cluster-facts.ts'

import type { NodeRoutes, NodeShell, Peer } from '../../kubernetes/cluster/node-shell.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { CallOptions, Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { kindNodeNames } from './names.ts'
import { nodeContainers } from './ownership.ts'

const exportTimeoutMs = 120_000

/** Reads the routes of nodes; how packets are to go is not the nodes' own to know. */
export type RouteReader = (
  nodes: KindNodes,
  peers: readonly Peer[],
  context: StepContext,
) => Promise<NodeRoutes>

/** Nodes as kind makes them: each is a container of the same name. */
export class KindNodes implements NodeShell {
  readonly names: readonly string[]
  readonly #tools: Toolbox
  readonly #kindName: string
  readonly #readRoutes: RouteReader

  constructor(tools: Toolbox, kindName: string, count: number, readRoutes: RouteReader) {
    this.#tools = tools
    this.#kindName = kindName
    this.names = kindNodeNames(kindName, count)
    this.#readRoutes = readRoutes
  }

  /** For a plan: what is known of nodes only when there are some stands as words. */
  get planned(): readonly NodeFacts[] {
    return this.names.map((name, i) => ({
      name,
      number: i + 1,
      address: `<address of ${name}>`,
      podCidr: `<pod CIDR of ${name}>`,
    }))
  }

  /** A program inside of a node. */
  command(node: string, program: readonly string[]): Command {
    return this.#tools.docker(['exec', node, ...program])
  }

  /** The same with lines on its standard input. */
  batchCommand(node: string, program: readonly string[], lines: readonly string[]): Command {
    return this.#tools.docker(['exec', '--interactive', node, ...program], `${lines.join('\n')}\n`)
  }

  /** Standard output. @throws CommandError */
  run(node: string, program: readonly string[], options: CallOptions): Promise<string> {
    return this.#tools.call(this.command(node, program), options)
  }

  /** Standard output as JSON. @throws CommandError */
  json<T>(node: string, program: readonly string[], options: CallOptions): Promise<T> {
    return this.#tools.json<T>(this.command(node, program), options)
  }

  imageRemedy(image: string): string {
    return `docker pull ${image} && kind load docker-image ${image} --name ${this.#kindName}`
  }

  routesTo(peers: readonly Peer[], context: StepContext): Promise<NodeRoutes> {
    return this.#readRoutes(this, peers, context)
  }

  async stopped(context: StepContext): Promise<readonly string[]> {
    const containers = await nodeContainers(this.#tools, this.#kindName, '', context)
    const running = containers.filter((container) => container.running).map(({ name }) => name)
    return this.names.filter((node) => !running.includes(node))
  }

  async saveLogs(folder: string, context: StepContext): Promise<void> {
    const command = this.#tools.kind(['export', 'logs', '--name', this.#kindName, folder])
    await this.#tools.call(command, { ...context, timeoutMs: exportTimeoutMs })
    // It names this machine, which results do not.
    rmSync(path.join(folder, 'docker-info.txt'), { force: true })
  }
}
