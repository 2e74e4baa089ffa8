import { HopmeterError } from '../../../errors.ts'
import { plural } from '../../../plural.ts'
import type { Cluster as ClusterSpec } from '../../../topology/model.ts'
import type { Command } from '../../backend.ts'
import type { CallOptions, ClusterAddress, Toolbox } from '../tools/toolbox.ts'
import { clusterFacts, type ClusterFacts } from './cluster-facts.ts'
import type { NodeShell } from './node-shell.ts'
import type { KubeObject, NodeObject } from './objects.ts'

/** Where objects are looked for; the API's default namespace and all labels unless said. */
export interface Scope {
  readonly namespace?: string | undefined
  readonly everywhere?: boolean | undefined
  readonly selector?: string | undefined
}

/** Of everything that is applied. */
const fieldManager = 'hopmeter'

/**
 * A cluster of a testbed, whoever owns it: what the scenario says of it, and how one talks to it. Methods named
 * `…Command` make what a plan prints and `call` runs; the others ask at once.
 */
export class Cluster implements ClusterAddress {
  readonly name: string
  readonly kubeconfig: string
  readonly context: string
  readonly spec: ClusterSpec
  /** Absent where the cluster is the user's. */
  readonly nodes?: NodeShell | undefined
  readonly #tools: Toolbox
  /** Addresses last as long as the testbed. */
  #facts: ClusterFacts | undefined

  constructor(
    tools: Toolbox,
    { name, kubeconfig, context }: ClusterAddress,
    spec: ClusterSpec,
    nodes?: NodeShell,
  ) {
    this.#tools = tools
    this.name = name
    this.kubeconfig = kubeconfig
    this.context = context
    this.spec = spec
    this.nodes = nodes
  }

  kubectl(args: readonly string[], input?: object | string): Command {
    return this.#tools.kubectl(this, args, input)
  }

  istioctl(args: readonly string[], input?: object | string): Command {
    return this.#tools.istioctl(this, args, input)
  }

  /** Standard output. @throws CommandError */
  call(command: Command, options: CallOptions): Promise<string> {
    return this.#tools.call(command, options)
  }

  getCommand(what: string | readonly string[], scope: Scope = {}): Command {
    const { namespace, everywhere, selector } = scope
    return this.kubectl([
      ...['get', ...(typeof what === 'string' ? [what] : what)],
      ...(namespace === undefined ? [] : ['--namespace', namespace]),
      ...(everywhere === true ? ['--all-namespaces'] : []),
      ...(selector === undefined ? [] : ['--selector', selector]),
      ...['--output', 'json'],
    ])
  }

  /** One object, e.g. `['namespace', 'kube-system']`. @throws CommandError also when it is not there. */
  get<T>(what: string | readonly string[], scope: Scope, options: CallOptions): Promise<T> {
    return this.#tools.json<T>(this.getCommand(what, scope), options)
  }

  /** One object; undefined when the API says that there is none. @throws CommandError */
  find<T extends object>(
    what: string | readonly string[],
    scope: Scope,
    options: CallOptions,
  ): Promise<T | undefined> {
    return this.#tools.find<T>(this.getCommand(what, scope), options)
  }

  /** @throws CommandError */
  async list<T extends KubeObject>(what: string, scope: Scope, options: CallOptions): Promise<readonly T[]> {
    return (await this.get<{ readonly items?: readonly T[] }>(what, scope, options)).items ?? []
  }

  /** For an object, a list of objects, or the text of one. */
  applyCommand(objects: object | string): Command {
    const items = Array.isArray(objects)
      ? { apiVersion: 'v1', kind: 'List', items: objects as object[] }
      : objects
    return this.applyFileCommand('-', items)
  }

  /** @param source a file, a folder or a URL */
  applyFileCommand(source: string, input?: object | string): Command {
    const how = ['--server-side', '--force-conflicts', '--field-manager', fieldManager]
    return this.kubectl(['apply', ...how, '--filename', source], input)
  }

  /** @throws CommandError */
  apply(objects: object | string, options: CallOptions): Promise<string> {
    return this.call(this.applyCommand(objects), options)
  }

  /** @param what e.g. `['pod/a', 'pod/b']` or `['namespace', 'a']` */
  deleteCommand(what: readonly string[], namespace?: string, further: readonly string[] = []): Command {
    const of = namespace === undefined ? [] : ['--namespace', namespace]
    return this.kubectl(['delete', ...of, '--ignore-not-found', ...further, ...what])
  }

  /** Runs a program inside of a pod. @throws CommandError */
  exec(namespace: string, pod: string, program: readonly string[], options: CallOptions): Promise<string> {
    return this.call(this.kubectl(['exec', '--namespace', namespace, pod, '--', ...program]), options)
  }

  /** @param range e.g. `['--tail', '60']` @throws CommandError */
  logs(namespace: string, pod: string, range: readonly string[], options: CallOptions): Promise<string> {
    return this.call(this.kubectl(['--namespace', namespace, 'logs', pod, ...range]), options)
  }

  /** What the API server answers to a path of its own. @throws CommandError */
  raw(path: string, options: CallOptions): Promise<string> {
    return this.call(this.kubectl(['get', '--raw', path]), options)
  }

  deadlineMs(ms: number): number {
    return this.#tools.deadlineMs(ms)
  }

  get factsCommand(): Command {
    return this.getCommand('nodes')
  }

  /** Asks again, e.g. after nodes were started anew. @throws CommandError */
  async readFacts(options: CallOptions): Promise<ClusterFacts> {
    const facts = clusterFacts(await this.list<NodeObject>('nodes', {}, options), this.nodes?.names ?? [])
    if (facts.notReady.length === 0) this.#facts = facts
    return facts
  }

  /** @throws HopmeterError when the cluster has fewer nodes than the scenario needs. */
  async facts(options: CallOptions): Promise<ClusterFacts> {
    const facts = this.#facts ?? (await this.readFacts(options))
    if (facts.nodes.length < this.spec.nodes) {
      throw new HopmeterError(
        `cluster "${this.name}" has ${plural(facts.nodes.length, 'node')}, the scenario needs ${this.spec.nodes}`,
      )
    }
    return facts
  }
}
