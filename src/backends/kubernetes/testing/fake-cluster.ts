import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../../../errors.ts'
import { pasteable } from '../../../shell-words.ts'
import type { Execute } from '../tools/execute.ts'
import type { KubernetesOptions } from '../tools/options.ts'
import type { FakeModel } from './fake-model.ts'

const program = path.join(import.meta.dirname, '../../../../test/fake-tools/fake-tool.mjs')
const names = ['kind', 'docker', 'kubectl', 'istioctl'] as const
/** The user's own kubeconfig: whoever reads it cannot parse it, whoever writes it is found out. */
const sentinel = "this file is not hopmeter's: {{{"

export interface RecordedCall {
  readonly name: string
  readonly args: readonly string[]
  readonly HOME?: string
  readonly KUBECONFIG?: string
  /** Which provider kind is told to take. */
  readonly provider?: string
}

/** A program that hangs ends at its own deadline; nobody waits for that in real time. */
const hangScale = 0.0005

export type Fault = 'fail' | 'hang' | 'rubbish'

interface FakeTools {
  fakeTool(
    folder: string,
    name: string,
    args: readonly string[],
    input: string,
    signal?: AbortSignal,
  ): Promise<string>
  fakeToolAtOnce(folder: string, name: string, args: readonly string[], input: string): string
  withModel<T>(folder: string, work: (model: FakeModel) => T): T
}

/** Fake kind, docker, kubectl and istioctl, first on PATH, with a model in a folder of their own. */
export class FakeCluster {
  readonly folder: string
  readonly home: string
  readonly #tools: FakeTools
  readonly #port: Server
  readonly #before: Readonly<Record<string, string | undefined>>

  private constructor(folder: string, tools: FakeTools, port: Server) {
    this.folder = folder
    this.home = path.join(folder, 'home')
    this.#tools = tools
    this.#port = port
    this.#before = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
    mkdirSync(path.join(this.home, '.kube'), { recursive: true })
    writeFileSync(this.userKubeconfig, sentinel)
    const bin = path.join(folder, 'bin')
    mkdirSync(bin)
    for (const name of names) {
      const file = path.join(bin, name)
      writeFileSync(
        file,
        `#!/bin/sh\nHOPMETER_FAKE_TOOLS='${folder}' exec '${process.execPath}' '${program}' ${name} "$@"\n`,
      )
      chmodSync(file, 0o755)
    }
    process.env['PATH'] = `${bin}:${process.env['PATH'] ?? ''}`
    process.env['HOME'] = this.home
  }

  static async make(): Promise<FakeCluster> {
    const calls = (await import(program)) as Pick<FakeTools, 'fakeTool' | 'fakeToolAtOnce'>
    const { withModel } = (await import(path.join(path.dirname(program), 'model.mjs'))) as Pick<
      FakeTools,
      'withModel'
    >
    const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-fake-'))
    const port = await ownPort()
    const fake = new FakeCluster(folder, { ...calls, withModel }, port)
    const agentPort = (port.address() as AddressInfo).port
    fake.model((model) => Object.assign(model, { agentPort }))
    return fake
  }

  get userKubeconfig(): string {
    return path.join(this.home, '.kube', 'config')
  }

  get options(): KubernetesOptions {
    return {
      stateRoot: path.join(this.folder, 'state'),
      cacheRoot: path.join(this.folder, 'cache'),
      agentImage: 'node:20',
    }
  }

  get sessions(): string {
    return path.join(this.folder, 'state', 'hopmeter', 'kubernetes')
  }

  /** One call of a fake tool, as the user would make it. */
  call(name: string, args: readonly string[], input: object): string {
    return this.#tools.fakeToolAtOnce(this.folder, name, args, JSON.stringify(input))
  }

  /** Looks at the model, or changes it behind hopmeter's back. */
  model<T>(work: (model: FakeModel) => T): T {
    return this.#tools.withModel(this.folder, work)
  }

  get calls(): readonly RecordedCall[] {
    const file = path.join(this.folder, 'calls.ndjson')
    if (!existsSync(file)) return []
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RecordedCall)
  }

  forgetCalls(): void {
    rmSync(path.join(this.folder, 'calls.ndjson'), { force: true })
  }

  /** Calls of programs that match strike this fault, in processes of their own. */
  breakCalls(
    faults: readonly { readonly name: string; readonly words: string; readonly fault: Fault }[],
  ): void {
    writeFileSync(path.join(this.folder, 'faults.json'), JSON.stringify(faults))
  }

  /**
   * The same tools without a process per call, for tests of many lives: the first call that \`isStruck\` says strikes the
   * fault. \`log\` has every command as a user could paste it.
   */
  inProcess(strike?: {
    readonly isStruck: (shown: string) => boolean
    readonly fault: Fault
  }): Execute & { readonly log: string[] } {
    const log: string[] = []
    let isIntact = true
    const execute: Execute = async (command, { timeoutMs, signal, env }) => {
      signal?.throwIfAborted()
      const shown = pasteable(command.file, command.args)
      log.push(shown)
      const name = path.basename(command.file)
      const call = {
        ...{ name, args: command.args, HOME: this.home },
        ...{ KUBECONFIG: env?.['KUBECONFIG'], provider: env?.['KIND_EXPERIMENTAL_PROVIDER'] },
      }
      appendFileSync(path.join(this.folder, 'calls.ndjson'), `${JSON.stringify(call)}\n`)
      const refuse = (message: string, output: string) =>
        new CommandError(`${message}: ${shown}`, { command: shown, output })
      if (strike && isIntact && strike.isStruck(shown)) {
        isIntact = false
        if (strike.fault === 'fail') throw refuse(`${name} exited with 1`, 'injected failure')
        if (strike.fault === 'rubbish')
          return { stdout: '\u0007 <html>not what you asked for</html>', stderr: '' }
        await elapsed(timeoutMs * hangScale, signal)
        throw refuse(`${name} timed out after ${timeoutMs} ms`, '')
      }
      await Promise.resolve()
      try {
        const input = command.input ?? ''
        const stdout = await this.#tools.fakeTool(this.folder, name, command.args, input, signal)
        return { stdout, stderr: '' }
      } catch (error) {
        signal?.throwIfAborted()
        const output = (error as { stderr?: string }).stderr ?? String(error)
        throw refuse(`${name} exited with 1`, output)
      }
    }
    return Object.assign(execute, { log })
  }

  /** What of the world is left; all empty after a whole life. */
  leftovers(): { readonly clusters: string[]; readonly containers: string[]; readonly processes: string[] } {
    return this.model(({ clusters, containers, processes }) => ({
      clusters: Object.keys(clusters),
      containers: Object.keys(containers),
      processes: Object.keys(processes),
    }))
  }

  get isUserKubeconfigUntouched(): boolean {
    return readFileSync(this.userKubeconfig, 'utf8') === sentinel
  }

  /** Ends echo servers, gives PATH and HOME back, removes the folder. */
  close(): void {
    this.#port.close()
    for (const pid of [
      ...this.model(({ processes }) => Object.values(processes)),
      ...startedIn(this.folder),
    ]) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // ended by itself
      }
    }
    for (const [name, value] of Object.entries(this.#before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What a tool started that was killed before it could write that down: it has the home of this fake. */
function startedIn(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8').includes(`HOME=${folder}/`)
      } catch {
        return false
      }
    })
    .map(Number)
}

/**
 * Pods of several fakes have the same addresses; their servers differ in the port. It is held, at an address that is
 * no pod's, so that nobody else is given it meanwhile.
 */
async function ownPort(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.unref()
}

async function elapsed(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {}) // whoever stopped it sees why
}
