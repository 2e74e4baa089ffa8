import path from 'node:path'
import { CommandError } from '../../../errors.ts'
import type { RunResult } from '../../../process/exec.ts'
import { pasteable } from '../../../shell-words.ts'
import type { Command } from '../../backend.ts'
import { execute, type Execute } from './execute.ts'

/** How kubectl and istioctl reach a cluster. Every call names both, so no other cluster is ever touched. */
export interface ClusterAddress {
  /** Name in the scenario. */
  readonly name: string
  /** Own file (0600) under the state folder, or the user's. */
  readonly kubeconfig: string
  readonly context: string
}

export type ToolName = 'kind' | 'kubectl' | 'docker' | 'istioctl'

/** How long a program may take when its step says nothing else. */
const defaultTimeoutMs = 60_000

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

export interface ToolboxOptions {
  /** Programs that are not on PATH, by their path. */
  readonly programs?: Partial<Record<ToolName, string>> | undefined
  /** A kubeconfig that does not exist, for programs that would look for the user's. */
  readonly noKubeconfig: string
  /** Where kubectl may keep what it learns of APIs, instead of beside the kubeconfig. */
  readonly kubeCache?: string | undefined
  readonly execute?: Execute | undefined
  readonly deadlineScale?: number | undefined
}

/** Makes and runs the commands of kind, kubectl, istioctl and docker. The user's own kubeconfig is out of reach. */
export class Toolbox {
  readonly #options: ToolboxOptions
  readonly #execute: Execute

  constructor(options: ToolboxOptions) {
    this.#options = options
    this.#execute = options.execute ?? execute
  }

  /** `kubectl` with the cluster's own file and context. */
  kubectl(cluster: ClusterAddress, args: readonly string[], input?: object | string): Command {
    return withInput({ file: this.#program('kubectl'), args: [...flagsFor(cluster), ...args] }, input)
  }

  istioctl(cluster: ClusterAddress, args: readonly string[], input?: object | string): Command {
    return withInput({ file: this.#program('istioctl'), args: [...args, ...flagsFor(cluster)] }, input)
  }

  kind(args: readonly string[], input?: object | string): Command {
    return withInput({ file: this.#program('kind'), args }, input)
  }

  docker(args: readonly string[], input?: string): Command {
    return withInput({ file: this.#program('docker'), args }, input)
  }

  /** Any other call of these programs, such as `kubectl version --client`. */
  plain(tool: ToolName, args: readonly string[]): Command {
    return { file: this.#program(tool), args }
  }

  /** Environment for every program: nothing in it leads to the user's own clusters, nor to another Docker. */
  env(command: Command): Record<string, string> {
    const at = command.args.indexOf('--kubeconfig')
    const kubeconfig = (at === -1 ? undefined : command.args[at + 1]) ?? this.#options.noKubeconfig
    return {
      KUBECONFIG: kubeconfig,
      KUBECTL_KUBERC: 'false',
      // Else kind takes podman where docker is missing, and makes what docker cannot find again.
      KIND_EXPERIMENTAL_PROVIDER: 'docker',
      // Beside the kubeconfig, so that it goes when the testbed goes; but not beside a file of the user's.
      KUBECACHEDIR: this.#options.kubeCache ?? path.join(path.dirname(kubeconfig), 'kube-cache'),
    }
  }

  deadlineMs(ms: number): number {
    return Math.ceil(ms * (this.#options.deadlineScale ?? 1))
  }

  /** Standard output. @throws CommandError when the program is missing, fails or takes too long. */
  async call(command: Command, options: CallOptions = {}): Promise<string> {
    return (await this.#run(command, options)).stdout
  }

  /** All that it wrote, for somebody to read. @throws CommandError as `call` does. */
  async outputOf(command: Command, options: CallOptions = {}): Promise<string> {
    const { stdout, stderr } = await this.#run(command, options)
    return [stdout, stderr].filter((text) => text !== '').join('\n')
  }

  /** Standard output as JSON. @throws CommandError also when it is something else. */
  async json<T>(command: Command, options: CallOptions = {}): Promise<T> {
    const text = await this.call(command, options)
    try {
      return JSON.parse(text) as T
    } catch (cause) {
      const shown = pasteable(command.file, command.args)
      throw new CommandError(`${command.file} did not answer with JSON: ${shown}\n${text.slice(0, 400)}`, {
        command: shown,
        output: text,
        cause,
      })
    }
  }

  /** Like `json`; undefined when the API says that there is no such thing. */
  async find<T>(command: Command, options: CallOptions = {}): Promise<T | undefined> {
    try {
      return await this.json<T>(command, options)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  #run(command: Command, { signal, timeoutMs = defaultTimeoutMs }: CallOptions): Promise<RunResult> {
    const env = this.env(command)
    return this.#execute(command, { env, signal, timeoutMs: this.deadlineMs(timeoutMs) })
  }

  #program(tool: ToolName): string {
    return this.#options.programs?.[tool] ?? tool
  }
}

/** An empty name would lead to the current context of whichever kubeconfig there is. @throws RangeError */
function flagsFor({ name, kubeconfig, context }: ClusterAddress): readonly string[] {
  if (kubeconfig.trim() === '' || context.trim() === '')
    throw new RangeError(`no address of cluster "${name}"`)
  return ['--kubeconfig', kubeconfig, '--context', context]
}

/** The API server's own word for it; a missing program says "not found on PATH". */
export function isNotFound(error: unknown): boolean {
  return (
    error instanceof CommandError && /\(NotFound\)|the server doesn't have a resource type/.test(error.output)
  )
}

function withInput(command: Command, input: object | string | undefined): Command {
  if (input === undefined) return command
  return { ...command, input: typeof input === 'string' ? input : `${JSON.stringify(input, null, 2)}\n` }
}
