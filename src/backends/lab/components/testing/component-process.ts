import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { start, type BackgroundProcess } from '../../../../process/exec.ts'
import type { ComponentConfig, ComponentMessage } from '../protocol.ts'

const bundle = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../../../../dist/lab-component.mjs',
)

/** A component as the lab starts it: a process that is told on stdin and answers on stdout. */
export class ComponentProcess {
  readonly process: BackgroundProcess
  private readonly waiting: ((message: ComponentMessage) => void)[] = []
  private rest = ''

  private constructor() {
    this.process = start(process.execPath, [bundle])
    this.process.stderr.resume()
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.rest + text).split('\n')
      this.rest = lines.pop() ?? ''
      for (const line of lines) this.waiting.shift()?.(JSON.parse(line) as ComponentMessage)
    })
  }

  /** Starts a component and waits until it listens. @throws with its message when it cannot. */
  static async start(config: ComponentConfig): Promise<ComponentProcess> {
    const component = new ComponentProcess()
    const answer = await component.ask(config)
    if (answer.type !== 'listening') throw new Error(JSON.stringify(answer))
    return component
  }

  async ask(line: object): Promise<ComponentMessage> {
    const answer = new Promise<ComponentMessage>((resolve) => this.waiting.push(resolve))
    this.process.stdin.write(`${JSON.stringify(line)}\n`)
    return await Promise.race([answer, this.ended()])
  }

  async flows(): Promise<Extract<ComponentMessage, { type: 'flows' }>> {
    const answer = await this.ask({ type: 'flows' })
    if (answer.type !== 'flows') throw new Error(JSON.stringify(answer))
    return answer
  }

  /** Ends its input, which ends the process; harmless when it has ended. */
  async stop(): Promise<void> {
    this.process.stdin.end()
    await this.process.done.catch(() => {})
  }

  /** As a crash would: no chance to say goodbye to peers. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.process.done.catch(() => {})
  }

  private async ended(): Promise<never> {
    await this.process.done
    throw new Error('the component ended without an answer')
  }
}
