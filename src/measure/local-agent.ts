import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { agentProtocolVersion, type ServeConfig, type ServeMessage } from '../agent/protocol.ts'
import type { Command } from '../backends/backend.ts'
import { HopmeterError } from '../errors.ts'
import { start } from '../exec.ts'

const agentFile = fileURLToPath(new URL('../../dist/agent.mjs', import.meta.url))
const startTimeoutMs = 10_000

/** The agent on this host, outside any testbed. */
export function localAgentCommand(mode: 'serve' | 'load'): Command {
  return { file: process.execPath, args: [agentFile, mode] }
}

/** An echo server on loopback. */
export interface LocalServer {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

/** Starts an echo server on a free loopback port. @throws HopmeterError when it does not listen. */
export async function startLocalServer(
  name: string,
  faults: Pick<ServeConfig, 'faults' | 'faultsByPath'> = {},
): Promise<LocalServer> {
  const { file, args } = localAgentCommand('serve')
  const process = start(file, args, { detached: true })
  const stop = async () => {
    process.stdin.end()
    const timer = setTimeout(() => process.kill('SIGKILL'), 2000)
    await process.done.catch(() => {})
    clearTimeout(timer)
  }
  const config = {
    type: 'serve',
    version: agentProtocolVersion,
    host: '127.0.0.1',
    port: 0,
    cluster: 'local',
    pod: name,
    ...faults,
  }
  process.stdin.write(`${JSON.stringify(config)}\n`)
  try {
    const { host, port } = await firstMessage(process.stdout, process.done)
    return { host, port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function firstMessage(
  stdout: NodeJS.ReadableStream,
  done: Promise<void>,
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown) =>
      reject(new HopmeterError(`the echo server did not start: ${why}`, { cause }))
    const timer = setTimeout(() => fail(`no answer within ${startTimeoutMs} ms`), startTimeoutMs)
    done.then(
      () => fail('it ended'),
      (cause: unknown) => fail('it failed', cause),
    )
    createInterface({ input: stdout }).once('line', (line) => {
      clearTimeout(timer)
      const message = JSON.parse(line) as ServeMessage
      if (message.type === 'listening') resolve(message)
      else fail(message.type === 'error' ? message.message : line)
    })
  })
}
