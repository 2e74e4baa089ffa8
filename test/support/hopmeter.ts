import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  descendantsOf,
  leftovers,
  namespacesOf,
  nowTicks,
  stillRunning,
  type ProcessId,
} from '../../src/backends/lab/testing/leftovers.ts'
import { answer, type Answer } from '../../src/cli/testing/in-process.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Often enough to see every program of a lab: they live as long as it. */
const lookEveryMs = 100

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly done: Promise<Finished>
  /** Resolves when standard error contains the text. */
  until(text: string): Promise<void>
  /** Standard output so far. */
  said(): string
}

/** The command line as users start it, with a lock and a state folder of its own. */
export class Hopmeter {
  readonly folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly #running = new Set<Running>()
  /** What was seen below our command lines: programs of the lab inherit nothing to tell them by. */
  readonly #started = new Map<string, ProcessId>()
  /** With the time at which the command line ended that they were seen below. */
  readonly #namespaces = new Map<string, number>()

  private constructor(folder: string) {
    this.folder = folder
    this.#env = {
      ...process.env,
      NO_COLOR: '1',
      HOPMETER_LOCK_NAME: `hopmeter-test-${path.basename(folder)}`,
      XDG_STATE_HOME: path.join(folder, 'state'),
    }
  }

  static async create(): Promise<Hopmeter> {
    return new Hopmeter(await mkdtemp(path.join(tmpdir(), 'hopmeter-e2e-')))
  }

  start(
    args: readonly string[],
    options: { input?: string; command?: readonly string[]; cwd?: string; node?: string } = {},
  ): Running {
    const [file, ...prefix] = [...(options.command ?? []), options.node ?? process.execPath]
    const child = spawn(file, [...prefix, main, ...args], {
      cwd: options.cwd ?? this.folder,
      env: this.#env,
    })
    this.#watch(child)
    let [stdout, stderr] = ['', '']
    const waiting: { text: string; resolve: () => void }[] = []
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
      for (const { text, resolve } of waiting) if (stderr.includes(text)) resolve()
    })
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    const done = new Promise<Finished>((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
    })
    const until = async (text: string) => {
      if (stderr.includes(text)) return
      const seen = new Promise<void>((resolve) => waiting.push({ text, resolve }))
      const early = done.then((end) => {
        if (!stderr.includes(text)) throw new Error(`ended with ${end.code} before "${text}":\n${stderr}`)
      })
      await Promise.race([seen, early])
    }
    const running = { child, done, until, said: () => stdout }
    this.#running.add(running)
    void done.then(() => this.#running.delete(running))
    return running
  }

  run(
    args: readonly string[],
    options: { input?: string; command?: readonly string[]; node?: string } = {},
  ): Promise<Finished> {
    return this.start(args, options).done
  }

  /** The folder of the one run that there is. */
  onlyRun(): string {
    const root = path.join(this.folder, 'results')
    const names = readdirSync(root)
    if (names.length !== 1) throw new Error(`not one run, but ${names.length}: ${names.join(', ')}`)
    return path.join(root, names[0]!)
  }

  /**
   * The same in this process: for words, files and exit codes. Signals, standard input, streams that fail and what the
   * build made need a process.
   */
  async call(args: readonly string[]): Promise<Answer> {
    const [before, environment] = [process.cwd(), process.env]
    process.chdir(this.folder)
    process.env = this.#env
    try {
      return await answer(args, this.#env)
    } finally {
      process.chdir(before)
      process.env = environment
    }
  }

  #watch(child: ChildProcess): void {
    const own = new Set<string>()
    const look = () => {
      const below = descendantsOf(child.pid ?? -1)
      for (const one of below) this.#started.set(`${one.pid} ${one.startedAt}`, one)
      for (const name of namespacesOf(below)) {
        own.add(name)
        this.#namespaces.set(name, Infinity)
      }
    }
    const timer = setInterval(look, lookEveryMs)
    child.on('exit', () => {
      clearInterval(timer)
      for (const name of own) this.#namespaces.set(name, nowTicks())
    })
  }

  /** What still runs of all that our command lines started, directly or not, after waiting for its end. */
  left(withinMs?: number): Promise<readonly string[]> {
    return leftovers([...this.#started.values()], this.#namespaces, withinMs)
  }

  /**
   * Kills what a failed test left running, and removes its files.
   * @throws Error when command lines that had ended left a process
   */
  async dispose(): Promise<void> {
    for (const { child, done } of this.#running) {
      child.kill('SIGKILL')
      await done
    }
    const left = await this.left(9_000)
    for (const { pid } of stillRunning([...this.#started.values()], this.#namespaces)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // it ended by itself
      }
    }
    await rm(this.folder, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
  }
}

/** Waits for a condition; fails with the last value when it never holds. */
export async function eventually(holds: () => boolean, what: string, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
