import { rmSync } from 'node:fs'
import path from 'node:path'
import type { Command } from '../../backend.ts'
import type { ContainerPlace } from '../../kubernetes/cluster/container-place.ts'
import { HopmeterError } from '../../../errors.ts'
import type { NodeFacts } from '../../kubernetes/cluster/cluster-facts.ts'

import type {
  ContainerQuestions,
  LogRange,
  NodeRoutes,
  NodeShell,
  Peer,
} from '../../kubernetes/cluster/node-shell.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { CallOptions, Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { keepEnds } from './keep-ends.ts'
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

  execCommand({ node, id }: ContainerPlace, program: readonly string[]): Command {
    const crictl = ['crictl', 'exec', '--interactive', id, ...program]
    return this.#tools.docker(['exec', '--interactive', node, ...crictl])
  }

  async openContainer(
    { node, id }: ContainerPlace,
    context: Pick<StepContext, 'signal'>,
  ): Promise<ContainerQuestions> {
    const inspect = ['crictl', 'inspect', '--output', 'go-template', '--template', '{{.info.pid}}', id]
    const pid = (await this.run(node, inspect, context)).trim()
    if (!/^[1-9]\d*$/.test(pid)) {
      throw new HopmeterError(`container ${id.slice(0, 12)} of ${node} has no process: "${pid.slice(0, 40)}"`)
    }
    return {
      // What listens at a pod's loopback answers in its network only; images of Istio have no program that asks.
      get: (port, url) =>
        this.command(node, [
          ...['nsenter', '--target', pid, '--net', 'curl', '--silent', '--show-error', '--fail'],
          ...['--noproxy', '*', '--max-time', '10', `http://127.0.0.1:${port}${url}`],
        ]),
      log: (range) => this.command(node, ['crictl', 'logs', '--timestamps', ...rangeFlags(range), id]),
    }
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
    keepEnds(folder)
  }
}

/** As crictl says it. */
function rangeFlags(range: LogRange): readonly string[] {
  if ('lines' in range) return ['--tail', String(range.lines)]
  return range.since === undefined ? [] : ['--since', range.since]
}
